/* Makes certificates with libcrypto: keys on P-256, which every TLS library takes. */
#include "httpd/certificate.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/x509v3.h>

#define DAY (24L * 60 * 60)
/* Some clients refuse server certificates of more than 398 days: https://support.apple.com/HT211025 */
#define AUTHORITY_DAYS (10 * 365)
#define SERVER_DAYS 397
#define RENEWAL_DAYS 14

/* Of a version 3 certificate, in X509_set_version's counting. */
#define VERSION_3 2

struct extension {
    int kind;
    const char *value;
};

static const struct extension authority_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_subject_key_identifier, "hash"},
    {NID_name_constraints, "critical,permitted;IP:127.0.0.0/255.0.0.0,permitted;DNS:localhost"},
    {0, NULL},
};

static const struct extension server_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
    {0, NULL},
};

static bool add_extensions(X509 *x509, X509 *issuer, const struct extension *extensions)
{
    X509V3_CTX context;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    for (; extensions->value; extensions++) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, extensions->kind, extensions->value);
        bool added = extension && X509_add_ext(x509, extension, -1);

        X509_EXTENSION_free(extension);
        if (!added)
            return false;
    }
    return true;
}

/* RFC 5280 section 4.1.2.2: at most 20 bytes, positive; at random, so that two authorities never give the same. */
static bool set_serial(X509 *x509)
{
    BIGNUM *number = BN_new();
    bool ok = number && BN_rand(number, 159, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
              BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509));

    BN_free(number);
    return ok;
}

static bool set_name(X509 *x509, const char *common_name)
{
    X509_NAME *name = X509_get_subject_name(x509);

    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0);
}

/* An hour of the past: clocks differ. */
static bool set_validity(X509 *x509, long days)
{
    return X509_gmtime_adj(X509_getm_notBefore(x509), -60L * 60) &&
           X509_gmtime_adj(X509_getm_notAfter(x509), days * DAY);
}

/* `issuer` NULL: signs itself. */
static bool make(struct certificate *made, const struct certificate *issuer, const char *common_name, long days,
                 const struct extension *extensions)
{
    bool ok;

    *made = (struct certificate){.x509 = X509_new(), .key = EVP_EC_gen("P-256")};
    if (!issuer)
        issuer = made;
    ok = made->x509 && made->key && X509_set_version(made->x509, VERSION_3) && set_serial(made->x509) &&
         set_name(made->x509, common_name) && set_validity(made->x509, days) &&
         X509_set_issuer_name(made->x509, X509_get_subject_name(issuer->x509)) &&
         X509_set_pubkey(made->x509, made->key) && add_extensions(made->x509, issuer->x509, extensions) &&
         X509_sign(made->x509, issuer->key, EVP_sha256()) > 0;
    if (!ok)
        certificate_clear(made);
    return ok;
}

bool certificate_make_authority(struct certificate *authority)
{
    return make(authority, NULL, "Simulated Azure on loopback (aks)", AUTHORITY_DAYS, authority_extensions);
}

bool certificate_make_server(struct certificate *server, const struct certificate *authority)
{
    return make(server, authority, "localhost", SERVER_DAYS, server_extensions);
}

bool certificate_is_good(const struct certificate *certificate, const struct certificate *authority)
{
    time_t limit = time(NULL) + RENEWAL_DAYS * DAY;

    return certificate->x509 && certificate->key && X509_check_private_key(certificate->x509, certificate->key) == 1 &&
           X509_cmp_current_time(X509_get0_notBefore(certificate->x509)) < 0 &&
           X509_cmp_time(X509_get0_notAfter(certificate->x509), &limit) > 0 &&
           (!authority || X509_verify(certificate->x509, authority->key) == 1);
}

void certificate_clear(struct certificate *certificate)
{
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
    *certificate = (struct certificate){0};
}
