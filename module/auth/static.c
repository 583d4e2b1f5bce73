/* Credentials that need no request: a token that was given, and a function that gives one. */
#include <stdlib.h>
#include <string.h>

#include "auth/kind.h"

struct static_credential {
    struct aks_credential base;
    struct aks_token *token;
};

struct function_credential {
    struct aks_credential base;
    aks_credential_function *function;
    void *context;
    void (*release)(void *context);
};

/* Waits for the next step of the loop, as nobody may be told at once. */
struct turn {
    struct aks_fetch base;
    struct aks_timer timer;
    struct aks_credential *credential;
    bool calling;   /* the function is running: it may run the loop, and so anything may happen */
    bool cancelled; /* while it was */
};

static struct aks_fetch *start_turn(struct aks_credential *credential, struct aks_loop *loop, void (*fire)(void *),
                                    aks_fetch_done *done, void *context, struct aks_error *error)
{
    struct turn *turn = calloc(1, sizeof *turn);

    if (!turn) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    turn->base = (struct aks_fetch){done, context};
    turn->credential = credential;
    turn->timer = (struct aks_timer){.fire = fire, .context = turn};
    if (!aks_timer_start(loop, &turn->timer, 0, error)) {
        free(turn);
        return NULL;
    }
    return &turn->base;
}

static void cancel_turn(struct aks_credential *credential, struct aks_fetch *fetch)
{
    struct turn *turn = (struct turn *)fetch;

    (void)credential;
    turn->cancelled = true;
    if (turn->calling)
        return; /* its caller is up the stack and frees it */
    aks_timer_stop(&turn->timer);
    free(turn);
}

/* Takes the token, and both it and the turn are gone afterwards. */
static void end_turn(struct turn *turn, struct aks_token *token, struct aks_error *error)
{
    struct aks_fetch fetch = turn->base;

    free(turn);
    if (token && aks_token_has_expired(token)) {
        aks_token_release(token);
        token = NULL;
        aks_error_set(error, "credential_unavailable", "the token that was given has expired");
        aks_error_note(&error->hint, "tokens last about an hour: a function that gets one can be given in its place");
    }
    fetch.done(fetch.context, token, error);
    aks_error_clear(error);
}

static void on_static_turn(void *context)
{
    struct turn *turn = context;
    struct static_credential *credential = (struct static_credential *)turn->credential;
    struct aks_error error = {0};

    end_turn(turn, aks_token_retain(credential->token), &error);
}

static struct aks_fetch *fetch_static(struct aks_credential *credential, const struct aks_token_target *target,
                                      aks_fetch_done *done, void *context, struct aks_error *error)
{
    return start_turn(credential, target->loop, on_static_turn, done, context, error);
}

static void free_static(struct aks_credential *base)
{
    struct static_credential *credential = (struct static_credential *)base;

    aks_token_release(credential->token);
    free(credential);
}

struct aks_credential *aks_credential_new_token(const char *token, double expires_on, struct aks_error *error)
{
    static const struct aks_credential_methods methods = {"token", fetch_static, cancel_turn, free_static, true};
    struct static_credential *credential = calloc(1, sizeof *credential);

    if (!credential) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    aks_credential_init(&credential->base, &methods);
    credential->token = aks_token_new(token, expires_on, error);
    if (!credential->token) {
        free(credential);
        return NULL;
    }
    credential->token->refresh_on = 0; /* there is no newer one to ask for */
    return &credential->base;
}

/* New token from the function, NULL on failure. */
static struct aks_token *call_function(const struct function_credential *credential, struct aks_error *error)
{
    struct aks_buffer text;
    struct aks_token *token = NULL;
    double expires_on = 0;

    aks_buffer_init(&text, AKS_TOKEN_TEXT_LIMIT);
    if (credential->function(credential->context, &text, &expires_on, error)) {
        if (text.length > 0 && strlen(text.data) != text.length)
            aks_error_set(error, "credential_unavailable", "the token has a NUL character");
        else
            token = aks_token_new(text.length > 0 ? text.data : "", expires_on, error);
    } else {
        aks_error_set(error, "credential_unavailable", "the credential's function gave no token");
    }
    aks_buffer_erase(&text);
    return token;
}

static void on_function_turn(void *context)
{
    struct turn *turn = context;
    struct aks_credential *credential = aks_credential_retain(turn->credential);
    struct aks_error error = {0};
    struct aks_token *token;

    turn->calling = true;
    token = call_function((struct function_credential *)credential, &error);
    turn->calling = false;
    if (turn->cancelled) {
        free(turn);
        aks_token_release(token);
        aks_error_clear(&error);
    } else {
        end_turn(turn, token, &error);
    }
    aks_credential_release(credential);
}

static struct aks_fetch *fetch_function(struct aks_credential *credential, const struct aks_token_target *target,
                                        aks_fetch_done *done, void *context, struct aks_error *error)
{
    return start_turn(credential, target->loop, on_function_turn, done, context, error);
}

static void free_function(struct aks_credential *base)
{
    struct function_credential *credential = (struct function_credential *)base;

    if (credential->release)
        credential->release(credential->context);
    free(credential);
}

struct aks_credential *aks_credential_new_function(aks_credential_function *function, void *context,
                                                   void (*release)(void *context), struct aks_error *error)
{
    static const struct aks_credential_methods methods = {"function", fetch_function, cancel_turn, free_function, true};
    struct function_credential *credential = calloc(1, sizeof *credential);

    if (!credential) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    aks_credential_init(&credential->base, &methods);
    credential->function = function;
    credential->context = context;
    credential->release = release;
    return &credential->base;
}
