/* What a failure of libcurl means: which of our errors it is, and what to do about it. */
#ifndef AKS_HTTP_FAILURE_H
#define AKS_HTTP_FAILURE_H

#include <curl/curl.h>

#include "base/error.h"

/* Sets the error of the transfer that `easy` has just ended with `code` (not CURLE_OK). `origin` is the host and port
   that messages name; `text` is libcurl's error buffer, which may be empty. */
void aks_failure_set(struct aks_error *error, CURLcode code, CURL *easy, const char *origin, const char *text);

#endif
