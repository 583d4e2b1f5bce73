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
        {"http://[::1]:80/p", "::1", "/p", false, 80},
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
        {"http://localhost/", true},       {"http://LOCALHOST:1/", true},     {"http://127.0.0.1/", true},
        {"http://127.255.0.3/", true},     {"http://[::1]/", true},           {"http://128.0.0.1/", false},
        {"http://127.0.0.1.evil/", false}, {"http://localhost.evil/", false}, {"http://1270.0.0.1/", false},
        {"http://127.0.0/", false},        {"http://127.0.0.256/", false},    {"http://[::2]/", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_url url;

        assert_true(aks_url_parse(rows[i].text, &url));
        if (aks_url_is_loopback(&url) != rows[i].loopback)
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
        cmocka_unit_test(wants_https_but_to_this_machine),
        cmocka_unit_test(follows_links_to_trusted_hosts_alone),
        cmocka_unit_test(shows_no_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
