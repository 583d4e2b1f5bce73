/* UUIDs: of names as other libraries make them, at random, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/uuid.h"

#define DNS "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

/* The results are those of Python's uuid.uuid5. */
static void names_give_the_uuids_that_others_give(void **state)
{
    static const struct {
        const char *space, *name, *uuid;
    } rows[] = {
        {DNS, "www.example.com", "2ed6657d-e927-568b-95e1-2665a8aea6a2"},
        {DNS, "", "4ebd0208-8328-5d69-8c44-ec50939c0967"},
        {"6BA7B811-9DAD-11D1-80B4-00C04FD430C8", "https://management.azure.com/",
         "c0e2671e-d933-5029-aedc-2557537797c4"},
        {"00000000-0000-0000-0000-000000000000", "a", "35b65f33-a679-5e76-af3c-273ea349ede4"},
        {"ffffffff-ffff-ffff-ffff-ffffffffffff", "\xc3\xa9", "f5da4834-fb17-5531-bf80-18d60a84221e"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char uuid[AKS_UUID_SIZE];

        assert_true(aks_uuid_from_name(rows[i].space, rows[i].name, uuid));
        assert_string_equal(uuid, rows[i].uuid);
    }
}

static void a_name_space_must_be_a_uuid(void **state)
{
    static const char *const rows[] = {"", "not a uuid", "6ba7b8109dad11d180b400c04fd430c8", DNS "0"};
    char uuid[AKS_UUID_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_false(aks_uuid_from_name(rows[i], "name", uuid));
}

static void random_ones_differ_and_say_what_they_are(void **state)
{
    char last[AKS_UUID_SIZE] = "";

    (void)state;
    for (int i = 0; i < 1000; i++) {
        char uuid[AKS_UUID_SIZE];

        assert_true(aks_uuid_random(uuid));
        assert_true(aks_uuid_is_valid(uuid));
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
        assert_int_equal(strspn(uuid, "0123456789abcdef-"), AKS_UUID_SIZE - 1);
        assert_string_not_equal(uuid, last);
        memcpy(last, uuid, sizeof last);
    }
}

/* Every byte at every place of an otherwise good one. */
static void every_place_takes_its_own_characters(void **state)
{
    static const char hexadecimal[] = "0123456789abcdefABCDEF";

    (void)state;
    for (size_t place = 0; place < AKS_UUID_SIZE - 1; place++)
        for (int byte = 0; byte < 256; byte++) {
            char text[] = DNS;
            bool is_dash = text[place] == '-';

            text[place] = (char)byte;
            if (aks_uuid_is_valid(text) != (is_dash ? byte == '-' : byte && strchr(hexadecimal, byte)))
                fail_msg("'%s'", text);
        }
}

static void its_length_is_36(void **state)
{
    char text[] = DNS;

    (void)state;
    assert_true(aks_uuid_is_valid(DNS));
    assert_false(aks_uuid_is_valid(DNS "8"));
    assert_false(aks_uuid_is_valid(" " DNS));
    assert_false(aks_uuid_is_valid("{" DNS "}"));
    for (size_t length = AKS_UUID_SIZE - 1; length-- > 0;) {
        text[length] = '\0';
        assert_false(aks_uuid_is_valid(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_give_the_uuids_that_others_give),
        cmocka_unit_test(a_name_space_must_be_a_uuid),
        cmocka_unit_test(random_ones_differ_and_say_what_they_are),
        cmocka_unit_test(every_place_takes_its_own_characters),
        cmocka_unit_test(its_length_is_36),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
