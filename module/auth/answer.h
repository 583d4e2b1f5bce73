/* What token endpoints answer. Pure. */
#ifndef AKS_AUTH_ANSWER_H
#define AKS_AUTH_ANSWER_H

#include <jansson.h>
#include <stddef.h>

#include "auth/token.h"
#include "base/error.h"

#define AKS_ANSWER_LIMIT (1024 * 1024)
#define AKS_ANSWER_DEPTH_LIMIT 16

/* New object, or NULL for what is none within these limits; and a new object or array. */
json_t *aks_answer_parse(const char *text, size_t length);
json_t *aks_answer_parse_any(const char *text, size_t length);

/* A member as seconds since 1970: a number, or its text. 0 when there is none that makes sense. */
double aks_answer_expiry(const json_t *answer, const char *name, double now);

/* Overwrites what texts an object has and releases it: for answers with secrets. NULL is allowed. */
void aks_answer_erase(json_t *answer);

/* When the answer came. */
struct aks_answer_time {
    double now;   /* wall clock of this machine */
    double ahead; /* seconds that the endpoint's clock is ahead of it; 0: unknown */
};

/* The token of an answer that brings one: {"access_token": "...", "expires_in": 3599}, where `expires_in`, `refresh_in`
   (both from now on) and `expires_on` (by the endpoint's clock) may be numbers or their text, and `expires_on` the date
   that old endpoints write ("06/20/2019 02:57:58 +00:00"). NULL fails with "response_invalid" or
   "credential_unavailable". */
struct aks_token *aks_answer_read_token(const char *text, size_t length, const struct aks_answer_time *time,
                                        struct aks_error *error);

/* Sets the error for an answer with another status than 200: "token_refused" when the endpoint does not want to give a
   token, "credential_unavailable" when it cannot now, else "response_invalid". Its text is the first line of what the
   endpoint says (the further ones are ids, which go into their members), and a hint follows from its code. */
void aks_answer_read_refusal(int status, const char *text, size_t length, struct aks_error *error);

#endif
