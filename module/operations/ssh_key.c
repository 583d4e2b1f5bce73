/* Reads the user's public SSH key, or makes a key pair. The text format is RFC 4253 section 6.6 in base64. */
#include "operations/ssh_key.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/buffer.h"
#include "base/text.h"

/* What ssh-keygen makes for RSA. */
#define KEY_BITS 3072

/* A public key of 16384 bits is below 4 KiB in this form. */
#define PUBLIC_KEY_LIMIT (16 * 1024)

static void fail(struct aks_error *error, const char *what, const char *path, const char *why)
{
    aks_error_set(error, "ssh_key_unavailable", "%s %s: %s", what, path, why);
    aks_error_note(&error->hint, "give ssh_public_key in the cluster's spec: the text of a public key, or its file");
}

/* New text of the first line of a file; NULL with errno when it cannot be opened, with errno 0 when it is no key. */
static char *read_line(const char *path)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    ssize_t length;

    if (!file)
        return NULL;
    length = getline(&line, &size, file);
    fclose(file);
    if (length < 0 || length > PUBLIC_KEY_LIMIT) {
        free(line);
        errno = 0;
        return NULL;
    }
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        line[--length] = '\0';
    return line;
}

/* A length of four bytes, big-endian, then the bytes: "string" and, with a leading zero byte, "mpint" of RFC 4251. */
static bool append_string(struct aks_buffer *blob, const unsigned char *bytes, size_t length, bool number)
{
    bool padded = number && length > 0 && (bytes[0] & 0x80);
    uint32_t total = (uint32_t)(length + padded);
    unsigned char head[5] = {(unsigned char)(total >> 24), (unsigned char)(total >> 16), (unsigned char)(total >> 8),
                             (unsigned char)total, 0};

    return aks_buffer_append(blob, head, padded ? 5 : 4) && aks_buffer_append(blob, bytes, length);
}

static bool append_number(struct aks_buffer *blob, const EVP_PKEY *key, const char *parameter)
{
    BIGNUM *number = NULL;
    unsigned char *bytes = NULL;
    bool ok = false;
    int length;

    if (EVP_PKEY_get_bn_param(key, parameter, &number) && (bytes = malloc((size_t)BN_num_bytes(number) + 1))) {
        length = BN_bn2bin(number, bytes);
        ok = length >= 0 && append_string(blob, bytes, (size_t)length, true);
    }
    free(bytes);
    BN_free(number);
    return ok;
}

/* New "ssh-rsa BASE64" of a key; NULL when it is not RSA, or for want of memory. */
static char *public_text(const EVP_PKEY *key)
{
    struct aks_buffer blob;
    unsigned char *encoded = NULL;
    char *text = NULL;

    aks_buffer_init(&blob, PUBLIC_KEY_LIMIT);
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && append_string(&blob, (const unsigned char *)"ssh-rsa", 7, false) &&
        append_number(&blob, key, OSSL_PKEY_PARAM_RSA_E) && append_number(&blob, key, OSSL_PKEY_PARAM_RSA_N) &&
        (encoded = malloc((blob.length + 2) / 3 * 4 + 1))) {
        EVP_EncodeBlock(encoded, (const unsigned char *)blob.data, (int)blob.length);
        text = aks_text_format("ssh-rsa %s", (const char *)encoded);
    }
    free(encoded);
    aks_buffer_clear(&blob);
    return text;
}

/* Opens a new file; an existing one is never touched. */
static FILE *create_file(const char *path, mode_t mode)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");

    if (descriptor >= 0 && !file)
        close(descriptor);
    return file;
}

/* Ends what create_file began: on failure nothing half-written stays. */
static bool finish_file(FILE *file, const char *path, bool ok)
{
    ok = ok && fflush(file) == 0 && fsync(fileno(file)) == 0;
    ok = fclose(file) == 0 && ok;
    if (!ok)
        unlink(path);
    return ok;
}

static bool write_public(const char *path, const char *text, struct aks_error *error)
{
    FILE *file = create_file(path, 0644);

    if (file && finish_file(file, path, fprintf(file, "%s\n", text) > 0))
        return true;
    fail(error, "cannot write", path, strerror(errno));
    return false;
}

/* The traditional form, which every version of OpenSSH reads. */
static bool write_private(const char *path, EVP_PKEY *key, struct aks_error *error)
{
    FILE *file = create_file(path, 0600);
    BIO *bio = file ? BIO_new_fp(file, BIO_NOCLOSE) : NULL;
    bool ok = bio && PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL);

    BIO_free(bio);
    if (file && finish_file(file, path, ok))
        return true;
    fail(error, "cannot write", path, strerror(errno));
    return false;
}

/* The private key of the file: an existing one, else a new one that is written there. */
static EVP_PKEY *private_key(const char *path, struct aks_error *error)
{
    FILE *file = fopen(path, "re");
    EVP_PKEY *key = NULL;

    if (file) {
        /* The empty passphrase keeps OpenSSL from asking at the terminal. */
        key = PEM_read_PrivateKey(file, NULL, NULL, (void *)"");
        fclose(file);
        if (!key)
            fail(error, "cannot read", path,
                 "not a private RSA key in PEM without a passphrase, and there is no .pub file");
        return key;
    }
    if (errno != ENOENT) {
        fail(error, "cannot read", path, strerror(errno));
        return NULL;
    }
    key = EVP_RSA_gen(KEY_BITS);
    if (!key) {
        fail(error, "cannot make a key for", path, "OpenSSL refused");
    } else if (!write_private(path, key, error)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

static char *make(const char *directory, const char *private_path, const char *public_path, struct aks_error *error)
{
    EVP_PKEY *key;
    char *text;

    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        fail(error, "cannot make", directory, strerror(errno));
        return NULL;
    }
    key = private_key(private_path, error);
    if (!key)
        return NULL;
    text = public_text(key);
    EVP_PKEY_free(key);
    if (!text) {
        fail(error, "cannot use", private_path, "it is not an RSA key");
    } else if (!write_public(public_path, text, error)) {
        free(text);
        text = NULL;
    }
    return text;
}

/* New path of the user's ".ssh"; NULL when nobody knows where home is. */
static char *home_directory(void)
{
    const char *home = getenv("HOME");
    const struct passwd *user = home && *home ? NULL : getpwuid(getuid());

    if (user)
        home = user->pw_dir;
    return home && *home ? aks_text_format("%s/.ssh", home) : NULL;
}

char *aks_ssh_key_public(const char *directory, struct aks_error *error)
{
    char *place = directory ? strdup(directory) : home_directory();
    char *private_path = place ? aks_text_format("%s/id_rsa", place) : NULL;
    char *public_path = place ? aks_text_format("%s/id_rsa.pub", place) : NULL;
    char *text = NULL;

    if (!private_path || !public_path) {
        fail(error, "cannot find", "the user's .ssh directory", "HOME is not set");
    } else {
        text = read_line(public_path);
        if (!text && errno == ENOENT)
            text = make(place, private_path, public_path, error);
        else if (!text)
            fail(error, "cannot read", public_path, errno ? strerror(errno) : "it is empty or too long");
    }
    free(place);
    free(private_path);
    free(public_path);
    return text;
}
