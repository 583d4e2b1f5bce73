/* Base64 as RFC 4648 section 4 has it: standard alphabet, padded. */
#ifndef AKS_BASE_BASE64_H
#define AKS_BASE_BASE64_H

#include <stddef.h>

/* The bytes that `text` stands for, in a new buffer with a NUL behind them; *length without it. NULL when it is no
   base64 (white space included), is longer than 1 GiB, or for want of memory. The caller frees it, after
   OPENSSL_cleanse when it is secret. */
char *aks_base64_decode(const char *text, size_t *length);

#endif
