/* Clouds that tell of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/fake_transport.h"
#include "auth/credential.h"

#define TOKEN "{\"access_token\":\"abc\",\"expires_in\":3600}"

struct world {
    struct aks_loop *loop;
    struct fake_transport transport;
    struct aks_credential *credential;
    struct aks_token_source *source;
    unsigned told;
    char token[64];
    struct aks_error error;
};

static struct aks_token_source *new_source(struct world *world, const struct aks_token_target *wanted)
{
    struct aks_token_target target = *wanted;
    struct aks_token_source *source;

    target.loop = world->loop;
    target.transport = &world->transport.base;
    target.tenant = "contoso.com";
    source = aks_token_source_new(world->credential, &target, &world->error);
    assert_non_null(source);
    return source;
}

static void begin(struct world *world, const struct fake_answer *answers, size_t count,
                  const struct aks_token_target *target)
{
    const struct aks_client_secret secret = {.client_id = "id", .client_secret = "secret"};

    *world = (struct world){.loop = aks_loop_new(&world->error)};
    fake_transport_init(&world->transport, world->loop, answers, count);
    world->credential = aks_credential_new_client_secret(&secret, &world->error);
    assert_non_null(world->credential);
    world->source = new_source(world, target);
}

static void on_told(void *context, const char *token, const struct aks_error *error)
{
    struct world *world = context;

    world->told++;
    if (token)
        snprintf(world->token, sizeof world->token, "%s", token);
    else
        aks_error_copy(&world->error, error);
}

static void start_asking(struct world *world, struct aks_token_source *source)
{
    assert_non_null(source->methods->get(source, NULL, NULL, on_told, world, &world->error));
}

static void run(struct world *world, unsigned told)
{
    while (world->told < told)
        assert_true(aks_loop_step(world->loop, 10, NULL, &world->error));
}

static void end(struct world *world)
{
    world->source->methods->free(world->source);
    aks_credential_release(world->credential);
    assert_int_equal(world->transport.pending, 0);
    assert_true(aks_loop_timeout(world->loop) < 0);
    fake_transport_clear(&world->transport);
    aks_loop_free(world->loop);
    aks_error_clear(&world->error);
}

#define CLOUD(authority, audience)                                                                                     \
    "{\"authentication\":{\"loginEndpoint\":\"" authority "\",\"audiences\":[\"" audience "\",\"https://other\"]}}"

static void what_is_missing_is_asked_of_the_resource_manager(void **state)
{
    static const struct {
        struct aks_token_target target;
        const char *cloud, *asked, *posted, *scope;
    } rows[] = {
        {{.resource_manager = "https://arm.example/"},
         "[" CLOUD("https://login.example/", "https://arm.example/") ",{}]",
         "https://arm.example/metadata/endpoints?api-version=2019-05-01",
         "https://login.example/contoso.com/oauth2/v2.0/token",
         "&scope=https%3A%2F%2Farm.example%2F%2F.default"},
        {{.resource_manager = "https://arm.example", .authority = "https://mine.example"},
         CLOUD("https://login.example", "https://arm.example"),
         "https://arm.example/metadata/endpoints?api-version=2019-05-01",
         "https://mine.example/contoso.com/oauth2/v2.0/token",
         "&scope=https%3A%2F%2Farm.example%2F.default"},
        {{.resource_manager = "https://arm.example", .audience = "https://mine.example"},
         CLOUD("https://login.example", "https://arm.example"),
         "https://arm.example/metadata/endpoints?api-version=2019-05-01",
         "https://login.example/contoso.com/oauth2/v2.0/token",
         "&scope=https%3A%2F%2Fmine.example%2F.default"},
        {{.resource_manager = "https://arm.example"},
         CLOUD("https://sts.example/adfs", "https://arm.example"),
         "https://arm.example/metadata/endpoints?api-version=2019-05-01",
         "https://sts.example/adfs/oauth2/token",
         "&scope=https%3A%2F%2Farm.example%2F.default"},
        {{.resource_manager = "http://127.0.0.1:8080"},
         CLOUD("http://127.0.0.1:8081", "a"),
         "http://127.0.0.1:8080/metadata/endpoints?api-version=2019-05-01",
         "http://127.0.0.1:8081/contoso.com/oauth2/v2.0/token",
         "&scope=a%2F.default"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct fake_answer answers[] = {{.status = 200, .body = rows[i].cloud}, {.status = 200, .body = TOKEN}};
        struct world world;

        begin(&world, answers, 2, &rows[i].target);
        start_asking(&world, world.source);
        run(&world, 1);
        assert_string_equal(world.token, "abc");
        assert_int_equal(world.transport.sent, 2);
        assert_string_equal(world.transport.requests[0].url, rows[i].asked);
        assert_null(aks_headers_get(&world.transport.requests[0].headers, "Authorization"));
        assert_string_equal(world.transport.requests[1].url, rows[i].posted);
        assert_non_null(strstr(world.transport.requests[1].body, rows[i].scope));
        end(&world);
    }
}

static void an_authority_that_is_not_safe_is_not_asked(void **state)
{
    static const char *const clouds[] = {
        CLOUD("http://login.example", "a"),
        CLOUD("http://127.0.0.1:1", "a"), /* a resource manager far away sends nobody to this machine */
        CLOUD("https://user:secret@login.example", "a"),
        CLOUD("login.example", "a"),
    };
    static const struct aks_token_target target = {.resource_manager = "https://arm.example"};

    (void)state;
    for (size_t i = 0; i < sizeof clouds / sizeof *clouds; i++) {
        const struct fake_answer answers[] = {{.status = 200, .body = clouds[i]}};
        struct world world;

        begin(&world, answers, 1, &target);
        start_asking(&world, world.source);
        run(&world, 1);
        assert_string_equal(aks_error_code(&world.error), "host_not_trusted");
        assert_int_equal(world.transport.sent, 1);
        end(&world);
    }
}

static void it_is_asked_once_for_all_sources(void **state)
{
    static const struct fake_answer answers[] = {{.status = 200, .body = CLOUD("https://login.example", "a")},
                                                 {.status = 200, .body = TOKEN}};
    static const struct aks_token_target target = {.resource_manager = "https://arm.example"};
    struct aks_token_source *other;
    struct world world;

    (void)state;
    begin(&world, answers, 2, &target);
    other = new_source(&world, &target);
    start_asking(&world, world.source);
    start_asking(&world, other);
    run(&world, 2);
    assert_int_equal(world.transport.sent, 2);
    other->methods->free(other);
    end(&world);
}

static void a_source_that_goes_away_ends_it(void **state)
{
    static const struct fake_answer answers[] = {{.status = 200, .body = CLOUD("https://login.example", "a")},
                                                 {.never = true}};
    static const struct aks_token_target target = {.resource_manager = "https://arm.example"};

    (void)state;
    for (size_t requests = 1; requests <= 2; requests++) { /* while it asks for the cloud, and for the token */
        struct world world;

        begin(&world, answers + (2 - requests), requests, &target);
        start_asking(&world, world.source);
        while (world.transport.sent < requests)
            assert_true(aks_loop_step(world.loop, 10, NULL, &world.error));
        end(&world);
        assert_int_equal(world.told, 0);
        assert_int_equal(world.transport.canceled, 1);
    }
}

static void a_token_that_is_given_needs_no_cloud(void **state)
{
    static const struct fake_answer answers[] = {{.status = 500}};
    static const struct aks_token_target target = {.resource_manager = "https://arm.example"};
    struct world world;

    (void)state;
    begin(&world, answers, 1, &target);
    world.source->methods->free(world.source);
    aks_credential_release(world.credential);
    world.credential = aks_credential_new_token("given", 0, &world.error);
    world.source = new_source(&world, &target);
    start_asking(&world, world.source);
    run(&world, 1);
    assert_string_equal(world.token, "given");
    assert_int_equal(world.transport.sent, 0);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_is_asked_of_the_resource_manager),
        cmocka_unit_test(an_authority_that_is_not_safe_is_not_asked),
        cmocka_unit_test(it_is_asked_once_for_all_sources),
        cmocka_unit_test(a_source_that_goes_away_ends_it),
        cmocka_unit_test(a_token_that_is_given_needs_no_cloud),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
