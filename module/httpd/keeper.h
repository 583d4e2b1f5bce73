/* Where the authority of the simulator's TLS and its server certificate are kept. */
#ifndef AKS_HTTPD_KEEPER_H
#define AKS_HTTPD_KEEPER_H

#include <stdbool.h>

#include "base/attributes.h"

/* What a server needs to speak TLS; it owns its texts. Zero-initialised is empty. */
struct identity {
    char *authority_file; /* path, for clients */
    char *certificate;    /* PEM */
    char *key;            /* PEM, secret */
    char *problem;        /* why there is none of them */
};

/* Reads what the directory holds, and makes what is missing or has run out; the directory too. One that is there stays:
   a client may trust it. Safe against others that do so at the same time. False: `identity` has the problem alone (NULL
   for want of memory). */
bool keeper_open(const char *directory, struct identity *identity) AKS_CHECK;

void identity_clear(struct identity *identity);

#endif
