/* What token endpoints answer. Pure. */
#ifndef AKS_AUTH_ANSWER_H
#define AKS_AUTH_ANSWER_H

#include <stddef.h>

#include "auth/token.h"
#include "base/error.h"

#define AKS_ANSWER_LIMIT (1024 * 1024)
#define AKS_ANSWER_DEPTH_LIMIT 16

/* The token of an answer that brings one: {"access_token": "...", "expires_in": 3599}, where `expires_in`, `refresh_in`
   (both from `now` on, wall clock) and `expires_on` may be numbers or their text. NULL fails with "response_invalid" or
   "credential_unavailable". */
struct aks_token *aks_answer_read_token(const char *text, size_t length, double now, struct aks_error *error);

/* Sets the error for an answer with another status than 200: "token_refused" when the endpoint does not want to give a
   token, "credential_unavailable" when it cannot now, else "response_invalid". Its text is the first line of what the
   endpoint says (the further ones are ids, which go into their members), and a hint follows from its code. */
void aks_answer_read_refusal(int status, const char *text, size_t length, struct aks_error *error);

#endif
