/* Tokens and their cache, over a kind of credential whose fetches end when the test says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/kind.h"
#include "base/clock.h"

struct fake {
    struct aks_credential base;
    struct aks_fetch *under_way;
    unsigned fetches, cancels;
    const char *claims; /* of the last fetch, while it is under way */
    bool fails_to_start;
    bool *freed;
};

static struct aks_fetch *fake_fetch(struct aks_credential *base, const struct aks_token_target *target,
                                    aks_fetch_done *done, void *context, struct aks_error *error)
{
    struct fake *fake = (struct fake *)base;

    assert_non_null(target->audience);
    assert_null(fake->under_way);
    if (fake->fails_to_start) {
        aks_error_set(error, "credential_unavailable", "not today");
        return NULL;
    }
    fake->fetches++;
    fake->claims = target->claims;
    fake->under_way = malloc(sizeof *fake->under_way);
    assert_non_null(fake->under_way);
    *fake->under_way = (struct aks_fetch){done, context};
    return fake->under_way;
}

static void fake_cancel(struct aks_credential *base, struct aks_fetch *fetch)
{
    struct fake *fake = (struct fake *)base;

    assert_ptr_equal(fetch, fake->under_way);
    fake->under_way = NULL;
    fake->cancels++;
    free(fetch);
}

static void fake_free(struct aks_credential *base)
{
    struct fake *fake = (struct fake *)base;

    assert_null(fake->under_way);
    if (fake->freed)
        *fake->freed = true;
    free(fake);
}

static struct aks_fetch end_fetch(struct fake *fake)
{
    struct aks_fetch fetch;

    assert_non_null(fake->under_way);
    fetch = *fake->under_way;
    free(fake->under_way);
    fake->under_way = NULL;
    return fetch;
}

/* Ends the fetch; `life` in seconds, `refresh_in` too (0: as it follows from the life). */
static void give(struct fake *fake, const char *text, double life, double refresh_in)
{
    struct aks_fetch fetch = end_fetch(fake);
    struct aks_error error = {0};
    struct aks_token *token = aks_token_new(text, aks_clock_wall() + life, &error);

    assert_non_null(token);
    if (refresh_in != 0)
        token->refresh_on = aks_clock_wall() + refresh_in;
    fetch.done(fetch.context, token, &error);
    aks_error_clear(&error);
}

static void refuse(struct fake *fake, const char *code)
{
    struct aks_fetch fetch = end_fetch(fake);
    struct aks_error error = {0};

    aks_error_set(&error, code, "no");
    fetch.done(fetch.context, NULL, &error);
    aks_error_clear(&error);
}

static struct aks_loop *loop;
static struct fake *fake;

static struct aks_token_source *new_source_for(const char *authority, const char *tenant, const char *audience)
{
    struct aks_token_target target = {.loop = loop, .authority = authority, .audience = audience, .tenant = tenant};
    struct aks_error error = {0};
    struct aks_token_source *source = aks_token_source_new(&fake->base, &target, &error);

    assert_non_null(source);
    return source;
}

static struct aks_token_source *new_source(void)
{
    return new_source_for("https://login.microsoftonline.com", "contoso.com", "https://management.azure.com");
}

static int set_up(void **state)
{
    static const struct aks_credential_methods methods = {"fake", fake_fetch, fake_cancel, fake_free, false};
    struct aks_error error = {0};

    (void)state;
    loop = aks_loop_new(&error);
    fake = calloc(1, sizeof *fake);
    if (!loop || !fake)
        return -1;
    aks_credential_init(&fake->base, &methods);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_true(aks_loop_timeout(loop) < 0); /* no timer is left */
    aks_credential_release(&fake->base);
    aks_loop_free(loop);
    return 0;
}

static void settle(void)
{
    struct aks_error error = {0};

    for (int i = 0; i < 4; i++)
        assert_true(aks_loop_step(loop, 0, NULL, &error));
}

/* What somebody who asked was told. */
struct told {
    unsigned times;
    char token[64]; /* or the code of the error */
};

static void on_told(void *context, const char *token, const struct aks_error *error)
{
    struct told *told = context;

    told->times++;
    snprintf(told->token, sizeof told->token, "%s", token ? token : aks_error_code(error));
}

static struct aks_token_request *ask(struct aks_token_source *source, const char *refused, struct told *told)
{
    struct aks_error error = {0};
    struct aks_token_request *request;

    *told = (struct told){0};
    request = source->methods->get(source, refused, NULL, on_told, told, &error);
    assert_non_null(request);
    assert_int_equal(told->times, 0); /* never from inside get */
    return request;
}

#define assert_told(told, text)                                                                                        \
    do {                                                                                                               \
        assert_int_equal((told).times, 1);                                                                             \
        assert_string_equal((told).token, text);                                                                       \
    } while (0)

static void a_token_is_fetched_once_and_then_given_from_the_cache(void **state)
{
    struct aks_token_source *source = new_source();
    struct told told[2];

    (void)state;
    ask(source, NULL, &told[0]);
    settle();
    assert_int_equal(told[0].times, 0);
    give(fake, "one", 3600, 0);
    assert_told(told[0], "one");
    ask(source, NULL, &told[1]);
    settle();
    assert_told(told[1], "one");
    assert_int_equal(fake->fetches, 1);
    source->methods->free(source);
}

static void one_fetch_serves_all_who_wait(void **state)
{
    struct aks_token_source *source = new_source();
    struct told told[20];

    (void)state;
    for (int i = 0; i < 20; i++) {
        ask(source, NULL, &told[i]);
        if (i % 7 == 0)
            settle();
    }
    settle();
    assert_int_equal(fake->fetches, 1);
    give(fake, "one", 3600, 0);
    for (int i = 0; i < 20; i++)
        assert_told(told[i], "one");
    source->methods->free(source);
}

static void a_failure_is_told_to_all_and_not_kept(void **state)
{
    struct aks_token_source *source = new_source();
    struct told told[3];

    (void)state;
    ask(source, NULL, &told[0]);
    ask(source, NULL, &told[1]);
    settle();
    refuse(fake, "token_refused");
    assert_told(told[0], "token_refused");
    assert_told(told[1], "token_refused");
    ask(source, NULL, &told[2]);
    settle();
    give(fake, "one", 3600, 0);
    assert_told(told[2], "one");
    source->methods->free(source);
}

static void a_fetch_that_cannot_be_started_is_told_later_too(void **state)
{
    struct aks_token_source *source = new_source();
    struct told told;

    (void)state;
    fake->fails_to_start = true;
    ask(source, NULL, &told);
    settle();
    assert_told(told, "credential_unavailable");
    source->methods->free(source);
}

static void the_fetch_goes_on_when_those_who_wait_cancel(void **state)
{
    struct aks_token_source *source = new_source();
    struct aks_token_request *first, *second, *early;
    struct told told[4];

    (void)state;
    first = ask(source, NULL, &told[0]);
    second = ask(source, NULL, &told[1]);
    settle();
    early = ask(source, NULL, &told[2]);
    source->methods->cancel(source, early); /* before its turn */
    source->methods->cancel(source, first);
    source->methods->cancel(source, second);
    settle();
    assert_int_equal(fake->cancels, 0);
    give(fake, "one", 3600, 0);
    ask(source, NULL, &told[3]);
    settle();
    assert_told(told[3], "one");
    assert_int_equal(told[0].times + told[1].times + told[2].times, 0);
    assert_int_equal(fake->fetches, 1);
    source->methods->free(source);
}

static void freeing_the_last_source_cancels_all(void **state)
{
    struct aks_token_source *source = new_source();
    struct told told[2];

    (void)state;
    ask(source, NULL, &told[0]);
    settle();
    ask(source, NULL, &told[1]);
    source->methods->free(source);
    assert_int_equal(fake->cancels, 1);
    settle();
    assert_int_equal(told[0].times + told[1].times, 0);
}

static void the_token_outlives_its_source(void **state)
{
    struct aks_token_source *source = new_source();
    struct told told;

    (void)state;
    ask(source, NULL, &told);
    settle();
    give(fake, "one", 3600, 0);
    source->methods->free(source);
    source = new_source();
    ask(source, NULL, &told);
    settle();
    assert_told(told, "one");
    assert_int_equal(fake->fetches, 1);
    source->methods->free(source);
}

static void a_source_takes_over_when_the_one_that_fetches_is_freed(void **state)
{
    struct aks_token_source *leaving = new_source(), *staying = new_source();
    struct told told[2];

    (void)state;
    ask(leaving, NULL, &told[0]);
    settle();
    ask(staying, NULL, &told[1]);
    settle();
    assert_int_equal(fake->fetches, 1);
    leaving->methods->free(leaving);
    assert_int_equal(fake->cancels, 1);
    settle();
    assert_int_equal(fake->fetches, 2);
    give(fake, "one", 3600, 0);
    assert_told(told[1], "one");
    assert_int_equal(told[0].times, 0);
    staying->methods->free(staying);
}

static void another_source_may_leave_while_one_fetches(void **state)
{
    struct aks_token_source *leaving = new_source(), *fetching = new_source();
    struct told told[2];

    (void)state;
    ask(fetching, NULL, &told[0]);
    settle();
    ask(leaving, NULL, &told[1]);
    settle();
    leaving->methods->free(leaving);
    assert_int_equal(fake->cancels, 0);
    give(fake, "one", 3600, 0);
    assert_told(told[0], "one");
    assert_int_equal(told[1].times, 0);
    fetching->methods->free(fetching);
}

static void authority_tenant_and_audience_have_tokens_of_their_own(void **state)
{
    static const struct {
        const char *authority, *tenant, *audience;
        unsigned fetches; /* until then */
    } rows[] = {
        {"https://login.microsoftonline.com", "contoso.com", "https://management.azure.com", 1},
        {"https://login.microsoftonline.com", "contoso.com", "https://management.azure.com", 1},
        {"https://login.microsoftonline.com/", "contoso.com", "https://management.azure.com", 1},
        {"https://login.microsoftonline.us", "contoso.com", "https://management.azure.com", 2},
        {"https://login.microsoftonline.com", "fabrikam.com", "https://management.azure.com", 3},
        {"https://login.microsoftonline.com", NULL, "https://management.azure.com", 4},
        {"https://login.microsoftonline.com", "contoso.com", "https://graph.microsoft.com", 5},
        {NULL, "contoso.com", "https://management.azure.com", 6},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_token_source *source = new_source_for(rows[i].authority, rows[i].tenant, rows[i].audience);
        struct told told;

        ask(source, NULL, &told);
        settle();
        if (fake->under_way)
            give(fake, "any", 3600, 0);
        assert_told(told, "any");
        assert_int_equal(fake->fetches, rows[i].fetches);
        source->methods->free(source);
    }
}

static void an_old_token_serves_while_it_is_refreshed(void **state)
{
    struct aks_token_source *source = new_source();
    struct told told[3];

    (void)state;
    ask(source, NULL, &told[0]);
    settle();
    give(fake, "old", 200, -1);
    ask(source, NULL, &told[1]);
    settle();
    assert_told(told[1], "old");
    assert_int_equal(fake->fetches, 2);
    ask(source, NULL, &told[1]);
    settle();
    assert_told(told[1], "old");
    assert_int_equal(fake->fetches, 2);
    give(fake, "new", 3600, 0);
    ask(source, NULL, &told[2]);
    settle();
    assert_told(told[2], "new");
    source->methods->free(source);
}

static void a_failed_refresh_is_not_tried_again_at_once(void **state)
{
    struct aks_token_source *source = new_source();
    struct told told;

    (void)state;
    ask(source, NULL, &told);
    settle();
    give(fake, "old", 200, -1);
    for (int i = 0; i < 5; i++) {
        ask(source, NULL, &told);
        settle();
        assert_told(told, "old");
        if (fake->under_way)
            refuse(fake, "connection_failed");
    }
    assert_int_equal(fake->fetches, 2);
    source->methods->free(source);
}

static void an_expired_token_does_not_serve(void **state)
{
    struct aks_token_source *source = new_source();
    struct told told;

    (void)state;
    ask(source, NULL, &told);
    settle();
    give(fake, "old", -1, 0);
    assert_told(told, "old"); /* it came fresh from its issuer: the server may judge */
    ask(source, NULL, &told);
    settle();
    assert_int_equal(told.times, 0);
    give(fake, "new", 3600, 0);
    assert_told(told, "new");
    source->methods->free(source);
}

static void a_refused_token_is_not_given_again(void **state)
{
    struct aks_token_source *source = new_source();
    struct told told[2];

    (void)state;
    ask(source, NULL, &told[0]);
    settle();
    give(fake, "bad", 3600, 0);
    ask(source, "bad", &told[0]);
    ask(source, NULL, &told[1]);
    settle();
    assert_int_equal(told[0].times + told[1].times, 0);
    give(fake, "bad", 3600, 0); /* the issuer knows no better */
    assert_told(told[0], "token_refused");
    assert_told(told[1], "token_refused");
    ask(source, NULL, &told[0]);
    settle();
    give(fake, "good", 3600, 0);
    assert_told(told[0], "good");
    ask(source, NULL, &told[1]);
    settle();
    assert_told(told[1], "good");
    source->methods->free(source);
}

static void refusing_an_older_token_leaves_the_newer_one(void **state)
{
    struct aks_token_source *source = new_source();
    struct told told;

    (void)state;
    ask(source, "older", &told);
    settle();
    give(fake, "newer", 3600, 0);
    ask(source, "older", &told);
    settle();
    assert_told(told, "newer");
    assert_int_equal(fake->fetches, 1);
    source->methods->free(source);
}

static void a_refusal_between_asking_and_the_turn_counts(void **state)
{
    struct aks_token_source *source = new_source();
    struct told told[2];

    (void)state;
    ask(source, NULL, &told[0]);
    settle();
    give(fake, "bad", 3600, 0);
    ask(source, NULL, &told[0]);
    ask(source, "bad", &told[1]);
    settle();
    assert_int_equal(told[0].times, 0);
    give(fake, "good", 3600, 0);
    assert_told(told[0], "good");
    source->methods->free(source);
}

/* Somebody who lets go of everything when told. */
struct leaver {
    struct aks_token_source *source;
    unsigned times;
};

static void on_told_leave(void *context, const char *token, const struct aks_error *error)
{
    struct leaver *leaver = context;

    (void)error;
    leaver->times++;
    if (!leaver->source)
        return;
    leaver->source->methods->free(leaver->source);
    leaver->source = NULL;
    aks_credential_release(&fake->base);
    assert_string_equal(token, "one"); /* still readable */
}

static void whoever_is_told_may_free_everything(void **state)
{
    struct leaver leaver = {.source = new_source()};
    struct aks_error error = {0};
    bool freed = false;

    (void)state;
    fake->freed = &freed;
    for (int i = 0; i < 3; i++)
        assert_non_null(leaver.source->methods->get(leaver.source, NULL, NULL, on_told_leave, &leaver, &error));
    settle();
    give(fake, "one", 3600, 0);
    assert_int_equal(leaver.times, 1); /* the others were cancelled with the source */
    assert_true(freed);
    settle();
    aks_loop_free(loop);
    set_up(NULL); /* for the tear-down */
}

/* Somebody who asks again when told, and waits in a loop of its own. */
struct asker {
    struct aks_token_source *source;
    struct told again;
    unsigned times;
};

static void on_told_ask(void *context, const char *token, const struct aks_error *error)
{
    struct asker *asker = context;

    (void)token;
    (void)error;
    asker->times++;
    ask(asker->source, NULL, &asker->again);
    settle();
    assert_int_equal(asker->again.times, 0);
}

static void asking_again_when_told_of_a_failure_begins_anew(void **state)
{
    struct asker asker = {.source = new_source()};
    struct aks_error error = {0};
    struct told other;

    (void)state;
    assert_non_null(asker.source->methods->get(asker.source, NULL, NULL, on_told_ask, &asker, &error));
    ask(asker.source, NULL, &other);
    settle();
    refuse(fake, "timeout");
    assert_int_equal(asker.times, 1);
    assert_told(other, "timeout");
    assert_int_equal(asker.again.times, 0); /* it waits for the next fetch */
    assert_int_equal(fake->fetches, 2);
    give(fake, "one", 3600, 0);
    assert_told(asker.again, "one");
    asker.source->methods->free(asker.source);
}

static void an_authority_must_be_safe(void **state)
{
    static const struct {
        const char *authority;
        bool safe;
    } rows[] = {
        {"https://login.microsoftonline.com", true},
        {"http://127.0.0.1:8080", true},
        {"http://localhost:8080", true},
        {"http://login.microsoftonline.com", false},
        {"http://127.0.0.1.example.com", false},
        {"login.microsoftonline.com", false},
        {"https://user@login.example.com", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_token_target target = {.loop = loop, .authority = rows[i].authority, .audience = "https://a"};
        struct aks_error error = {0};
        struct aks_token_source *source = aks_token_source_new(&fake->base, &target, &error);

        assert_int_equal(source != NULL, rows[i].safe);
        if (source)
            source->methods->free(source);
        else
            assert_string_equal(error.code, "host_not_trusted");
        aks_error_clear(&error);
    }
}

static void a_token_can_stand_in_a_header(void **state)
{
    static const char *const bad[] = {"", "two words", "line\n", "\r\nX-Evil: 1", "caf\xc3\xa9", "\x7f", "\t"};
    struct aks_error error = {0};
    struct aks_token *token = aks_token_new("eyJ0.e-_~+/=.x", 0, &error);
    char *text = malloc(AKS_TOKEN_TEXT_LIMIT + 2);

    (void)state;
    assert_non_null(token);
    aks_token_release(token);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(aks_token_new(bad[i], 0, &error));
        assert_string_equal(error.code, "credential_unavailable");
        aks_error_clear(&error);
    }
    assert_non_null(text);
    memset(text, 'a', AKS_TOKEN_TEXT_LIMIT + 1);
    text[AKS_TOKEN_TEXT_LIMIT + 1] = '\0';
    assert_null(aks_token_new(text, 0, &error));
    aks_error_clear(&error);
    text[AKS_TOKEN_TEXT_LIMIT] = '\0';
    token = aks_token_new(text, 0, &error);
    assert_non_null(token);
    aks_token_release(token);
    free(text);
}

static void refreshing_begins_before_the_end(void **state)
{
    struct aks_error error = {0};
    double now = aks_clock_wall();
    struct aks_token *hour = aks_token_new("a", now + 3600, &error);
    struct aks_token *minutes = aks_token_new("a", now + 200, &error);
    struct aks_token *unknown = aks_token_new("a", 0, &error);

    (void)state;
    assert_true(hour->refresh_on == hour->expires_on - 300);
    assert_true(minutes->refresh_on > now && minutes->refresh_on < minutes->expires_on);
    assert_true(unknown->refresh_on == 0 && !aks_token_has_expired(unknown));
    aks_token_release(hour);
    aks_token_release(minutes);
    aks_token_release(unknown);
}

static void a_long_life_is_refreshed_from_half_of_it_on(void **state)
{
    static const struct {
        double life, refresh_in, halfway; /* refresh_in 0: none was named */
    } rows[] = {{86400, 0, 43200}, {7200, 0, 3600}, {7199, 0, 6899}, {86400, 100, 100}, {86400, 50000, 43200}};
    double now = aks_clock_wall();
    struct aks_error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_token *token = aks_token_new("abc", now + rows[i].life, &error);

        assert_non_null(token);
        if (rows[i].refresh_in > 0)
            token->refresh_on = now + rows[i].refresh_in;
        aks_token_refresh_halfway(token, now);
        assert_true(token->refresh_on == now + rows[i].halfway);
        aks_token_release(token);
    }
}

#define CHALLENGE "eyJhIjoxfQ==" /* {"a":1} */

/* Gives "one", which the server then refuses with this challenge (NULL: none). */
static struct aks_token_source *new_source_with_a_refused_token(struct told *told, const char *challenge)
{
    /* a tenant for each, as the credential keeps what it gave */
    struct aks_token_source *source = new_source_for(NULL, challenge ? challenge : "none", "https://arm.example");
    struct aks_error error = {0};

    ask(source, NULL, told);
    settle();
    assert_null(fake->claims);
    give(fake, "one", 3600, 0);
    *told = (struct told){0};
    assert_non_null(source->methods->get(source, "one", challenge, on_told, told, &error));
    settle();
    return source;
}

static void claims_of_a_challenge_are_asked_for_once(void **state)
{
    struct told told = {0};
    struct aks_token_source *source = new_source_with_a_refused_token(&told, CHALLENGE);

    (void)state;
    assert_int_equal(fake->fetches, 2);
    assert_string_equal(fake->claims, "{\"a\":1}");
    give(fake, "two", 3600, 0);
    assert_string_equal(told.token, "two");
    told = (struct told){0};
    ask(source, "two", &told);
    settle();
    assert_null(fake->claims);
    give(fake, "three", 3600, 0);
    source->methods->free(source);
}

static void claims_are_asked_for_until_there_is_a_token(void **state)
{
    struct told told = {0};
    struct aks_token_source *source = new_source_with_a_refused_token(&told, CHALLENGE);

    (void)state;
    refuse(fake, "credential_unavailable");
    told = (struct told){0};
    ask(source, NULL, &told);
    settle();
    assert_string_equal(fake->claims, "{\"a\":1}");
    give(fake, "two", 3600, 0);
    assert_string_equal(told.token, "two");
    source->methods->free(source);
}

static void what_is_no_claims_is_a_refusal_like_any_other(void **state)
{
    static const char *const challenges[] = {"", "?", "bm90IEpTT04", "W10", "eyJhIjoxfQ==x"};

    (void)state;
    for (size_t i = 0; i < sizeof challenges / sizeof *challenges; i++) {
        struct told told = {0};
        struct aks_token_source *source = new_source_with_a_refused_token(&told, challenges[i]);

        assert_null(fake->claims);
        give(fake, "two", 3600, 0);
        assert_string_equal(told.token, "two");
        source->methods->free(source);
    }
}

static void claims_that_come_while_a_token_is_fetched_are_asked_for_afterwards(void **state)
{
    struct told first = {0}, second = {0};
    struct aks_token_source *source = new_source_with_a_refused_token(&first, NULL);
    struct aks_error error = {0};

    (void)state;
    assert_null(fake->claims);
    assert_non_null(source->methods->get(source, "one", CHALLENGE, on_told, &second, &error));
    settle();
    give(fake, "without", 3600, 0);
    assert_int_equal(first.times + second.times, 0);
    assert_int_equal(fake->fetches, 3);
    assert_string_equal(fake->claims, "{\"a\":1}");
    give(fake, "with", 3600, 0);
    assert_string_equal(first.token, "with");
    assert_string_equal(second.token, "with");
    source->methods->free(source);
}

static void a_token_tells_where_it_came_from(void **state)
{
    struct aks_token_source *source = new_source();
    struct aks_token_origin origin;
    struct told told = {0};

    (void)state;
    assert_false(source->methods->describe(source, &origin));
    ask(source, NULL, &told);
    settle();
    give(fake, "one", 3600, 0);
    assert_true(source->methods->describe(source, &origin));
    assert_string_equal(origin.credential, "fake");
    assert_non_null(origin.authority);
    assert_true(origin.expires_on > aks_clock_wall());
    source->methods->free(source);
}

#define test_of(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_of(a_token_is_fetched_once_and_then_given_from_the_cache),
        test_of(one_fetch_serves_all_who_wait),
        test_of(a_failure_is_told_to_all_and_not_kept),
        test_of(a_fetch_that_cannot_be_started_is_told_later_too),
        test_of(the_fetch_goes_on_when_those_who_wait_cancel),
        test_of(freeing_the_last_source_cancels_all),
        test_of(the_token_outlives_its_source),
        test_of(a_source_takes_over_when_the_one_that_fetches_is_freed),
        test_of(another_source_may_leave_while_one_fetches),
        test_of(authority_tenant_and_audience_have_tokens_of_their_own),
        test_of(an_old_token_serves_while_it_is_refreshed),
        test_of(a_failed_refresh_is_not_tried_again_at_once),
        test_of(an_expired_token_does_not_serve),
        test_of(a_refused_token_is_not_given_again),
        test_of(refusing_an_older_token_leaves_the_newer_one),
        test_of(a_refusal_between_asking_and_the_turn_counts),
        test_of(whoever_is_told_may_free_everything),
        test_of(asking_again_when_told_of_a_failure_begins_anew),
        test_of(an_authority_must_be_safe),
        test_of(a_token_can_stand_in_a_header),
        test_of(refreshing_begins_before_the_end),
        test_of(a_long_life_is_refreshed_from_half_of_it_on),
        test_of(claims_of_a_challenge_are_asked_for_once),
        test_of(claims_are_asked_for_until_there_is_a_token),
        test_of(what_is_no_claims_is_a_refusal_like_any_other),
        test_of(claims_that_come_while_a_token_is_fetched_are_asked_for_afterwards),
        test_of(a_token_tells_where_it_came_from),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
