/* Collecting an answer: what libcurl hands over, byte by byte, within the ceilings. */
#ifndef AKS_HTTP_ANSWER_H
#define AKS_HTTP_ANSWER_H

#include <stddef.h>

/* Callbacks for CURLOPT_HEADERFUNCTION and CURLOPT_WRITEFUNCTION; `context` is the exchange. They only note. */
size_t aks_answer_header(char *bytes, size_t size, size_t count, void *context);
size_t aks_answer_body(char *bytes, size_t size, size_t count, void *context);

#endif
