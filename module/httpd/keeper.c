/* Files of certificates in PEM: read, checked, made anew, replaced whole. Keys are for their owner's eyes only. */
#include "httpd/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "httpd/certificate.h"

#define AUTHORITY "ca"
#define SERVER "server"

/* A certificate here has less than 1 KiB. */
#define PEM_LIMIT (64 * 1024)

struct keeper {
    char *directory; /* absolute, once it is there */
    char *problem;   /* set once */
};

static bool fail(struct keeper *keeper, const char *what, const char *path, const char *why)
{
    if (!keeper->problem && asprintf(&keeper->problem, "%s %s: %s", what, path, why) < 0)
        keeper->problem = NULL;
    return false;
}

/* New path of a file in the directory. */
static char *path_of(const struct keeper *keeper, const char *name, const char *suffix)
{
    char *path;

    return asprintf(&path, "%s/%s%s.pem", keeper->directory, name, suffix) < 0 ? NULL : path;
}

/* Makes a directory and those above it, and finds its absolute path. */
static bool make_directories(struct keeper *keeper, const char *directory)
{
    char *path = strdup(directory);
    char *at = path;
    bool ok = path != NULL;

    while (ok && at) {
        at = strchr(at + 1, '/');
        if (at)
            *at = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            ok = fail(keeper, "cannot make the directory", path, strerror(errno));
        if (at)
            *at = '/';
    }
    keeper->directory = ok ? realpath(path, NULL) : NULL;
    if (ok && !keeper->directory)
        fail(keeper, "cannot find the directory", path, strerror(errno));
    free(path);
    return keeper->directory != NULL;
}

/* Holds the directory until the descriptor is closed; -1 with the problem. */
static int hold(struct keeper *keeper)
{
    int descriptor = open(keeper->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (descriptor < 0 || flock(descriptor, LOCK_EX) != 0)
        fail(keeper, "cannot lock the directory", keeper->directory, strerror(errno));
    return descriptor;
}

static int refuse_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1; /* OpenSSL would ask at the terminal */
}

/* A file as libcrypto reads it; *absent when there is none. */
static BIO *open_file(struct keeper *keeper, const char *path, bool *absent)
{
    FILE *file = path ? fopen(path, "re") : NULL;

    *absent = path && !file && errno == ENOENT;
    if (path && !file && !*absent)
        fail(keeper, "cannot read", path, strerror(errno));
    return file ? BIO_new_fp(file, BIO_CLOSE) : NULL;
}

/* Reads NAME.pem and NAME-key.pem. What is not there leaves the certificate empty; what is there and is none, fails. */
static bool load(struct keeper *keeper, const char *name, struct certificate *certificate)
{
    char *path = path_of(keeper, name, ""), *key_path = path_of(keeper, name, "-key");
    bool absent = false, key_absent = false, ok;
    BIO *file = open_file(keeper, path, &absent), *key_file = open_file(keeper, key_path, &key_absent);

    if (file)
        certificate->x509 = PEM_read_bio_X509(file, NULL, refuse_passphrase, NULL);
    if (key_file)
        certificate->key = PEM_read_bio_PrivateKey(key_file, NULL, refuse_passphrase, NULL);
    ok = (absent || certificate->x509) && (key_absent || certificate->key);
    if (!ok && path && key_path)
        fail(keeper, "cannot use", certificate->x509 || absent ? key_path : path, "it is no PEM; remove it");
    BIO_free(file);
    BIO_free(key_file);
    free(path);
    free(key_path);
    return ok;
}

static bool write_all(int descriptor, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(descriptor, bytes, length);

        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return fsync(descriptor) == 0;
}

/* Replaces a file whole: a reader finds the old one or the new one. */
static bool replace(struct keeper *keeper, const char *path, mode_t mode, const char *text)
{
    char *draft;
    int descriptor;
    bool ok;

    if (asprintf(&draft, "%s.new", path) < 0)
        return false;
    unlink(draft); /* of one that was killed here: the directory is held */
    descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    ok = descriptor >= 0 && write_all(descriptor, text, strlen(text)) && rename(draft, path) == 0;
    if (!ok) {
        fail(keeper, "cannot write", path, strerror(errno));
        unlink(draft);
    }
    if (descriptor >= 0)
        close(descriptor);
    free(draft);
    return ok;
}

/* New text of what `memory` has collected; frees it. */
static char *take_text(BIO *memory, bool written)
{
    char *bytes, *text = NULL;
    long length = memory && written ? BIO_get_mem_data(memory, &bytes) : 0;

    if (length > 0 && length < PEM_LIMIT)
        text = strndup(bytes, (size_t)length);
    BIO_free(memory);
    return text;
}

static char *certificate_text(X509 *x509)
{
    BIO *memory = BIO_new(BIO_s_mem());

    return take_text(memory, memory && PEM_write_bio_X509(memory, x509));
}

static char *key_text(EVP_PKEY *key)
{
    BIO *memory = BIO_new(BIO_s_secmem());

    return take_text(memory, memory && PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL));
}

static void free_secret(char *text)
{
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
}

/* The key first: a certificate without its key is of no use, and is made anew. */
static bool save(struct keeper *keeper, const char *name, const struct certificate *certificate)
{
    char *path = path_of(keeper, name, ""), *key_path = path_of(keeper, name, "-key");
    char *text = certificate_text(certificate->x509), *key = key_text(certificate->key);
    bool ok =
        path && key_path && text && key && replace(keeper, key_path, 0600, key) && replace(keeper, path, 0644, text);

    free(path);
    free(key_path);
    free(text);
    free_secret(key);
    return ok;
}

/* `signer` NULL: the authority itself. */
static bool obtain(struct keeper *keeper, const char *name, const struct certificate *signer,
                   struct certificate *certificate)
{
    bool made;

    if (!load(keeper, name, certificate))
        return false;
    if (certificate_is_good(certificate, signer))
        return true;
    certificate_clear(certificate);
    made = signer ? certificate_make_server(certificate, signer) : certificate_make_authority(certificate);
    if (!made)
        return fail(keeper, "cannot make a certificate for", keeper->directory, "libcrypto refused");
    return save(keeper, name, certificate);
}

bool keeper_open(const char *directory, struct identity *identity)
{
    struct keeper keeper = {0};
    struct certificate authority = {0}, server = {0};
    int held = -1;
    bool ok;

    *identity = (struct identity){0};
    ok = make_directories(&keeper, directory) && (held = hold(&keeper)) >= 0 && !keeper.problem &&
         obtain(&keeper, AUTHORITY, NULL, &authority) && obtain(&keeper, SERVER, &authority, &server);
    if (held >= 0)
        close(held);
    if (ok) {
        identity->authority_file = path_of(&keeper, AUTHORITY, "");
        identity->certificate = certificate_text(server.x509);
        identity->key = key_text(server.key);
        ok = identity->authority_file && identity->certificate && identity->key;
    }
    certificate_clear(&authority);
    certificate_clear(&server);
    if (!ok)
        identity_clear(identity);
    identity->problem = keeper.problem;
    free(keeper.directory);
    return ok;
}

void identity_clear(struct identity *identity)
{
    free(identity->authority_file);
    free(identity->certificate);
    free_secret(identity->key);
    free(identity->problem);
    *identity = (struct identity){0};
}
