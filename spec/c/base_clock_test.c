/* Dates as HTTP and ARM write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

struct row {
    const char *text;
    double seconds; /* negative: refused */
};

static void check(bool (*parse)(const char *text, double *seconds), const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double seconds = -1;
        bool ok = parse(rows[i].text, &seconds);

        if (ok != (rows[i].seconds >= 0) ||
            (ok && (seconds - rows[i].seconds > 1e-6 || rows[i].seconds - seconds > 1e-6)))
            fail_msg("'%s': %d, %f", rows[i].text, ok, seconds);
    }
}

static void reads_http_dates(void **state)
{
    static const struct row rows[] = {
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 21 Jun 2023 09:18:33 GMT", 1687339113},
        {"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Friday, 01-Jan-27 00:00:00 GMT", 1798761600},
        {"Thursday, 01-Jan-70 00:00:00 GMT", 0},
        {"Tuesday, 31-Dec-69 23:59:59 GMT", 3155759999},
        {"Wed, 21 Jun 2023 23:59:60 GMT", 1687392000},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"Wed, 21 Jun 2023 09:18:61 GMT", -1},
        {"Wed, 00 Jun 2023 09:18:33 GMT", -1},
        {"Wed, 21 jun 2023 09:18:33 GMT", -1},
        {"Wednesday, 21-Jun-2023 09:18:33 GMT", -1},
        {"Wednesday, 21-Jun-23 09:18:33", -1},
        {"Sun Nov 6 08:49:37 1994", -1},
        {"Sun Nov  16 08:49:37 1994", -1},
        {"Sun Nov  6 08:49:37 1994 GMT", -1},
        {"Sun Nov  6 08:49:37 94", -1},
        {"Wed,", -1},
        {"Wed, ", -1},
        {"Sun ", -1},
        {"Sun Nov ", -1},
        {"Sun Nov  ", -1},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Wed Nov 16 08:49:37 1994", 784975777},
        {"Wed, 29 Feb 2023 00:00:00 GMT", -1},
        {"Wed, 31 Apr 2023 00:00:00 GMT", -1},
        {"Wed, 21 Jun 2023 24:00:00 GMT", -1},
        {"Wed, 21 Jun 2023 09:60:00 GMT", -1},
        {"Wed, 21 Jun 2023 09:18:33 CET", -1},
        {"Wed, 21 Jun 2023 09:18:33", -1},
        {"Wed, 21 Jun 2023 09:18:33 GMT ", -1},
        {"Wed, 1 Jun 2023 09:18:33 GMT", -1},
        {"Wed, 21 Foo 2023 09:18:33 GMT", -1},
        {"Wed,21 Jun 2023 09:18:33 GMT", -1},
        {"", -1},
        {"17", -1},
        {"Sun Nov", -1},
    };

    (void)state;
    check(aks_clock_parse_http_date, rows, sizeof rows / sizeof *rows);
}

static void reads_rfc3339_dates(void **state)
{
    static const struct row rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2023-11-22T09:08:39.84Z", 1700644119.84},
        {"2023-11-22T09:08:39.1234567Z", 1700644119.1234567},
        {"2023-11-22t09:08:39z", 1700644119},
        {"2023-11-22 09:08:39Z", 1700644119},
        {"2023-11-22T10:08:39+01:00", 1700644119},
        {"2023-11-22T03:38:39-05:30", 1700644119},
        {"2024-02-29T00:00:00Z", 1709164800},
        {"2016-12-31T23:59:60Z", 1483228800},
        {"2000-02-29T00:00:00Z", 951782400},
        {"2100-03-01T00:00:00Z", 4107542400},
        {"9999-12-31T23:59:59.9999999Z", 253402300799.9999999},
        {"2023-11-22T09:08:39+23:59", 1700644119 - 86340},
        {"2023-11-22T09:08:39-00:00", 1700644119},
        {"2100-02-29T00:00:00Z", -1},
        {"1969-12-31T23:59:59Z", -1},
        {"0001-01-01T00:00:00Z", -1},
        {"2023-11-22T09:08:39+00:60", -1},
        {"2023-11-22T09:08:39+0100", -1},
        {"2023-11-22T09:08:39 Z", -1},
        {"2023-11-22T09:08Z", -1},
        {"2023-11-22T24:00:00Z", -1},
        {"2023-11-22T09:08:61Z", -1},
        {"2023-11-22T09:08:39,5Z", -1},
        {"2023-11-31T00:00:00Z", -1},
        {"2023-02-29T00:00:00Z", -1},
        {"2023-13-01T00:00:00Z", -1},
        {"2023-00-01T00:00:00Z", -1},
        {"2023-01-00T00:00:00Z", -1},
        {"2023-11-22T09:08:39", -1},
        {"2023-11-22T09:08:39.Z", -1},
        {"2023-11-22T09:08:39+1:00", -1},
        {"2023-11-22T09:08:39+24:00", -1},
        {"2023-11-22", -1},
        {"23-11-22T09:08:39Z", -1},
        {"2023-11-22T09:08:39Zx", -1},
        {"", -1},
    };

    (void)state;
    check(aks_clock_parse_rfc3339, rows, sizeof rows / sizeof *rows);
}

static void goes_forward(void **state)
{
    double before = aks_clock_monotonic();

    (void)state;
    assert_true(aks_clock_monotonic() >= before);
    assert_true(aks_clock_wall() > 1700000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_http_dates),
        cmocka_unit_test(reads_rfc3339_dates),
        cmocka_unit_test(goes_forward),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
