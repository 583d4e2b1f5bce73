/* URLs: what is read, what is refused, which links may be followed, what may be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/url.h"

static void reads_what_is_a_url(void **state)
{
    static const struct {
        const char *text, *host, *path;
        bool secure;
        unsigned port;
    } rows[] = {
        {"https://management.azure.com", "management.azure.com", "", true, 443},
        {"HTTPS://Management.Azure.com/", "Management.Azure.com", "/", true, 443},
        {"http://127.0.0.1:8080/a?b=c", "127.0.0.1", "/a?b=c", false, 8080},
        {"https://host:65535?x", "host", "?x", true, 65535},
        {"https://host:1", "host", "", true, 1},
        {"https://a-b.c-1.example/", "a-b.c-1.example", "/", true, 443},
        {"http://[::1]:80/p", "::1", "/p", false, 80},
        {"https://[2001:db8::ffff:192.0.2.1]", "2001:db8::ffff:192.0.2.1", "", true, 443},
        {"https://host/@:a//b%20?c=[1]", "host", "/@:a//b%20?c=[1]", true, 443},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_url url;

        assert_true(aks_url_parse(rows[i].text, &url));
        assert_int_equal(url.host_length, strlen(rows[i].host));
        assert_memory_equal(url.host, rows[i].host, url.host_length);
        assert_string_equal(url.path, rows[i].path);
        assert_int_equal(url.secure, rows[i].secure);
        assert_int_equal(url.port, rows[i].port);
    }
}

static void refuses_what_parsers_could_read_differently(void **state)
{
    static const char *const rows[] = {
        "",
        "/path",
        "ftp://host/",
        "https://",
        "https:///path",
        "https://user@host/",
        "https://user:word@host/",
        "https://host\\@evil/",
        "https://ho st/",
        "https://host/a b",
        "https://host/\n",
        "https://host/\x7f",
        "https://host:/",
        "https://host:0/",
        "https://host:65536/",
        "https://host:123456/",
        "https://host:1a/",
        "https://.host/",
        "https://host./",
        "https://ho..st/",
        "https://-host/",
        "https://host-/",
        "https://h\xc3\xb6st/",
        "https://host%2eevil/",
        "https://[::1/",
        "https://[]/",
        "https://[::1",
        "https://[::1]x/",
        "https://[::1]:/",
        "https://[127.0.0.1]/",
        "https://[facade.de]/",
        "https://[..]/",
        "https://[1:2]/",
        "https://[fe80::1%25eth0]/",
        "https://[::1]@evil/",
        "https://::1/",
        "https://host:-1/",
        "https://host:+1/",
        "https://host/\"",
        "https://host/<a>",
        "https://host/{a}",
        "https://ho_st/",
        "https://host#part",
        "https://host/#part",
        "https:/host/",
        "https:host",
        "//host/",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_url url;

        if (aks_url_parse(rows[i], &url))
            fail_msg("'%s' was read", rows[i]);
    }
}

static void knows_this_machine(void **state)
{
    static const struct {
        const char *text;
        bool loopback;
    } rows[] = {
        {"http://localhost/", true},
        {"http://LOCALHOST:1/", true},
        {"http://127.0.0.1/", true},
        {"http://127.255.0.3/", true},
        {"http://[::1]/", true},
        {"http://128.0.0.1/", false},
        {"http://127.0.0.1.evil/", false},
        {"http://localhost.evil/", false},
        {"http://1270.0.0.1/", false},
        {"http://127.0.0/", false},
        {"http://127.0.0.256/", false},
        {"http://[::2]/", false},
        {"http://127.-0.0.1/", false},
        {"http://127.0.0.01/", false},
        {"http://127.0.0.1.1/", false},
        {"http://localhos/", false},
        {"http://localhost1/", false},
        {"http://127a.0.0.1/", false},
        {"http://127/", false},
        {"http://[::ffff:127.0.0.1]/", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_url url;

        assert_true(aks_url_parse(rows[i].text, &url));
        if (aks_url_is_loopback(&url) != rows[i].loopback)
            fail_msg("%s", rows[i].text);
    }
}

static void knows_its_link(void **state)
{
    static const struct {
        const char *text;
        bool link_local;
    } rows[] = {
        {"http://169.254.169.254/metadata", true},
        {"http://169.254.0.1:80", true},
        {"http://169.254.1.1.example/", false},
        {"http://169.255.0.1/", false},
        {"http://169.254.1/", false},
        {"http://169.254.1.256/", false},
        {"http://169.254.01.1/", false},
        {"http://[fe80::1]/", false},
        {"http://169.254.example/", false},
        {"http://1169.254.1.1/", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_url url;

        assert_true(aks_url_parse(rows[i].text, &url));
        if (aks_url_is_link_local(&url) != rows[i].link_local)
            fail_msg("%s", rows[i].text);
    }
}

static void wants_https_but_to_this_machine(void **state)
{
    static const struct {
        const char *text;
        bool allowed;
    } rows[] = {{"https://host/", true}, {"http://host/", false}, {"http://127.0.0.1:9/", true}, {"nonsense", false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};

        assert_int_equal(aks_url_check_secure(rows[i].text, "the endpoint", &error), rows[i].allowed);
        if (!rows[i].allowed)
            assert_string_equal(aks_error_code(&error), "host_not_trusted");
        aks_error_clear(&error);
    }
}

static void errors_name_the_url_without_its_secrets(void **state)
{
    struct aks_error error = {0};

    (void)state;
    assert_false(aks_url_check_secure("http://user:secret@host/?sig=secret", "the endpoint", &error));
    assert_non_null(strstr(error.message, "the endpoint 'http://host/'"));
    assert_null(strstr(error.message, "secret"));
    aks_error_clear(&error);
    assert_null(aks_url_follow("https://host", "https://evil/?sig=secret", &error));
    assert_non_null(strstr(error.message, "'https://evil/'"));
    assert_null(strstr(error.message, "secret"));
    aks_error_clear(&error);
}

static void follows_links_to_trusted_hosts_alone(void **state)
{
    static const struct {
        const char *base, *link, *followed; /* NULL: refused */
    } rows[] = {
        {"https://management.azure.com", "/subscriptions?x=1", "https://management.azure.com/subscriptions?x=1"},
        {"https://management.azure.com/x", "/y", "https://management.azure.com/y"},
        {"https://management.azure.com", "https://management.azure.com/a", "https://management.azure.com/a"},
        {"https://management.azure.com", "https://MANAGEMENT.azure.COM/a", "https://MANAGEMENT.azure.COM/a"},
        {"https://management.azure.com", "https://eastus2.management.azure.com/a",
         "https://eastus2.management.azure.com/a"},
        {"https://management.azure.com", "https://management.azure.com:443/a", "https://management.azure.com:443/a"},
        {"https://management.azure.com", "https://evilmanagement.azure.com/a", NULL},
        {"https://management.azure.com", "https://management.azure.com.evil.example/a", NULL},
        {"https://management.azure.com", "https://management.azure.com./a", NULL},
        {"https://management.azure.com", "https://management.azure.com@evil.example/a", NULL},
        {"https://management.azure.com", "https://azure.com/a", NULL},
        {"https://management.azure.com", "https://management.azure.com:8443/a", NULL},
        {"https://management.azure.com", "http://management.azure.com/a", NULL},
        {"https://management.azure.com", "//evil.example/a", NULL},
        {"https://management.azure.com", "/\\evil.example/a", NULL},
        {"https://management.azure.com", "relative", NULL},
        {"https://management.azure.com", "?x", NULL},
        {"https://management.azure.com", "", NULL},
        {"https://management.azure.com", "/a#b", NULL},
        {"https://management.azure.com", "/a\r\nb", NULL},
        {"https://management.azure.com", "/", "https://management.azure.com/"},
        {"https://management.azure.com:8443/x", "/y", "https://management.azure.com:8443/y"},
        {"https://management.azure.com", "https://.management.azure.com/a", NULL},
        {"https://management.azure.com", "https://eastus2..management.azure.com/a", NULL},
        {"https://management.azure.com", "https:///management.azure.com/a", NULL},
        {"https://management.azure.com", "ftp://management.azure.com/a", NULL},
        {"https://azure", "https://evil.azure/a", NULL},
        {"https://10.0.0.1", "https://evil.10.0.0.1/a", NULL},
        {"https://[2001:db8::1]", "https://[2001:db8::1]/a", "https://[2001:db8::1]/a"},
        {"https://[2001:db8::1]", "/a", "https://[2001:db8::1]/a"},
        {"https://[2001:db8::1]", "https://[2001:db8::2]/a", NULL},
        {"https://facade.de", "https://[facade.de]/a", NULL},
        {"http://management.azure.com", "http://management.azure.com/a", NULL},
        {"http://management.azure.com", "/a", NULL},
        {"no URL", "/a", NULL},
        {"http://127.0.0.1:80", "/a", "http://127.0.0.1:80/a"},
        {"http://127.0.0.1:80", "https://127.0.0.1:80/a", NULL},
        {"http://127.0.0.1:80", "http://127.0.0.2:80/a", NULL},
        {"http://127.0.0.1:80", "http://127.0.0.1:80/a", "http://127.0.0.1:80/a"},
        {"http://127.0.0.1:80", "http://127.0.0.1:81/a", NULL},
        {"http://127.0.0.1:80", "http://1.127.0.0.1:80/a", NULL},
        {"http://localhost:80", "http://evil.localhost:80/a", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};
        char *followed = aks_url_follow(rows[i].base, rows[i].link, &error);

        if (!rows[i].followed && followed)
            fail_msg("'%s' was followed", rows[i].link);
        if (rows[i].followed && !followed)
            fail_msg("'%s' was refused", rows[i].link);
        if (followed)
            assert_string_equal(followed, rows[i].followed);
        else
            assert_string_equal(aks_error_code(&error), "host_not_trusted");
        free(followed);
        aks_error_clear(&error);
    }
}

/* Lengths on both sides of every ceiling: never nothing, never more than the ceiling. */
static void shows_no_more_than_the_limit(void **state)
{
    static const size_t paths[] = {1, AKS_URL_LIMIT / 2 - 1, AKS_URL_LIMIT / 2, AKS_URL_LIMIT, 4 * AKS_URL_LIMIT};
    static const size_t values[] = {0, 1000, 1015, 1016, 2000};
    char *text = malloc(9 * AKS_URL_LIMIT);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
            char *at = stpcpy(text, "https://h/"), *shown;

            memset(at, 'p', paths[i]);
            at += paths[i];
            *at++ = '?';
            while ((size_t)(at - text) < 8 * AKS_URL_LIMIT) {
                at = stpcpy(at, "$filter=");
                memset(at, 'v', values[j]);
                at += values[j];
                *at++ = '&';
            }
            *at = '\0';
            shown = aks_url_redact(text);
            assert_non_null(shown);
            assert_true(strlen(shown) <= AKS_URL_LIMIT);
            assert_int_equal(strchr(shown, '?') != NULL, values[j] < 1016);
            free(shown);
        }
    free(text);
}

static void urls_have_a_limit(void **state)
{
    char *text = malloc(AKS_URL_LIMIT + 2);
    struct aks_error error = {0};
    struct aks_url url;

    (void)state;
    assert_non_null(text);
    memset(text, 'p', AKS_URL_LIMIT + 1);
    text[AKS_URL_LIMIT + 1] = '\0';
    memcpy(text, "https://h/", 10);
    assert_false(aks_url_parse(text, &url));
    assert_null(aks_url_follow("https://h", text, &error));
    aks_error_clear(&error);
    text[AKS_URL_LIMIT] = '\0';
    assert_true(aks_url_parse(text, &url));
    free(text);
}

static void shows_no_secrets(void **state)
{
    static const struct {
        const char *text, *shown;
    } rows[] = {
        {"https://h/p", "https://h/p"},
        {"https://user:word@h/p", "https://h/p"},
        {"https://h/p?sig=secret&api-version=1&c=secret", "https://h/p?api-version=1"},
        {"https://h/p?api-version=1&$filter=a%20eq%20b&t=1&$top=3",
         "https://h/p?api-version=1&$filter=a%20eq%20b&$top=3"},
        {"https://h/p?api-versions=secret&x", "https://h/p"},
        {"https://h/p#part", "https://h/p"},
        {"https://h?api-version=1#part", "https://h?api-version=1"},
        {"nonsense", "nonsense"},
        {"", ""},
        {"https://", "https://"},
        {"/p?api-version=1&sig=secret", "/p?api-version=1"},
        {"/p@q?sig=secret", "/p@q"},
        {"/p?to=https://h/q&sig=secret", "/p"},
        {"https://h/p?api-version=1&sig=secret@h", "https://h/p?api-version=1"},
        {"https://h/p#token=secret?api-version=1", "https://h/p"},
        {"https://h/p?$top=1#token=secret&$top=2", "https://h/p?$top=1"},
        {"https://h/p?&&API-VERSION=1&&$EXPAND=a&", "https://h/p?API-VERSION=1&$EXPAND=a"},
        {"https://h/p?$top&$topsecret=1&=1", "https://h/p?$top"},
        {"https://user@h/p@q", "https://..."},
        {"https://user:w@rd@h/p", "https://h/p"},
        {"https://user:se/cret@h/p", "https://..."},
        {"https://user:se?cret@h/p", "https://..."},
        {"https://user:se#cret@h/p", "https://..."},
        {"user:secret@h:80", "h:80"},
        {"//user:secret@h/p", "..."},
        {"https:/user:secret@h/p", "..."},
        {"muchtoolong://user:secret@h/p", "..."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *shown = aks_url_redact(rows[i].text);

        assert_non_null(shown);
        assert_string_equal(shown, rows[i].shown);
        free(shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_a_url),
        cmocka_unit_test(refuses_what_parsers_could_read_differently),
        cmocka_unit_test(knows_this_machine),
        cmocka_unit_test(knows_its_link),
        cmocka_unit_test(wants_https_but_to_this_machine),
        cmocka_unit_test(errors_name_the_url_without_its_secrets),
        cmocka_unit_test(follows_links_to_trusted_hosts_alone),
        cmocka_unit_test(shows_no_secrets),
        cmocka_unit_test(shows_no_more_than_the_limit),
        cmocka_unit_test(urls_have_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
