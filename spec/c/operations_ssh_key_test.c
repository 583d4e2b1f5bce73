/* The SSH key for nodes: the user's own is used and never changed, a missing one is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "operations/ssh_key.h"

static char directory[] = "/tmp/aks-ssh-XXXXXX";

static char *path_of(const char *name)
{
    char *path = aks_text_format("%s/keys/%s", directory, name);

    assert_non_null(path);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static void remove_file(const char *name)
{
    char *path = path_of(name);

    unlink(path);
    free(path);
}

static int tear_down(void **state)
{
    char *keys = path_of("");

    (void)state;
    remove_file("id_rsa");
    remove_file("id_rsa.pub");
    rmdir(keys);
    free(keys);
    return rmdir(directory);
}

/* What the function gives for DIRECTORY/keys; asserts that it gives something. */
static char *key_text(void)
{
    struct aks_error error = {0};
    char *keys = aks_text_format("%s/keys", directory);
    char *text = aks_ssh_key_public(keys, &error);

    assert_false(aks_error_is_set(&error));
    assert_non_null(text);
    free(keys);
    return text;
}

static void write_file(const char *name, const char *text)
{
    char *path = path_of(name), *keys = path_of("");
    FILE *file;

    mkdir(keys, 0700);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(path);
    free(keys);
}

static unsigned mode_of(const char *name)
{
    char *path = path_of(name);
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    free(path);
    return status.st_mode & 07777;
}

static void makes_a_pair_that_others_cannot_read(void **state)
{
    char *first, *second;

    (void)state;
    first = key_text();
    assert_memory_equal(first, "ssh-rsa AAAAB3NzaC1yc2E", 23);
    assert_int_equal(mode_of(""), 0700);
    assert_int_equal(mode_of("id_rsa"), 0600);
    assert_int_equal(mode_of("id_rsa.pub"), 0644);
    second = key_text();
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static void takes_the_key_that_is_there(void **state)
{
    char *text;

    (void)state;
    write_file("id_rsa.pub", "ssh-ed25519 AAAA me@here\n");
    text = key_text();
    assert_string_equal(text, "ssh-ed25519 AAAA me@here");
    free(text);
}

static void makes_the_public_half_of_a_private_key(void **state)
{
    char *first = key_text(), *second;

    (void)state;
    remove_file("id_rsa.pub");
    second = key_text();
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static void leaves_a_private_key_alone_that_it_cannot_read(void **state)
{
    struct aks_error error = {0};
    char *keys = aks_text_format("%s/keys", directory);

    (void)state;
    write_file("id_rsa", "not a key\n");
    assert_null(aks_ssh_key_public(keys, &error));
    assert_string_equal(aks_error_code(&error), "ssh_key_unavailable");
    assert_non_null(error.hint);
    aks_error_clear(&error);
    free(keys);
}

static void refuses_an_empty_public_key(void **state)
{
    struct aks_error error = {0};
    char *keys = aks_text_format("%s/keys", directory);

    (void)state;
    write_file("id_rsa.pub", "");
    assert_null(aks_ssh_key_public(keys, &error));
    assert_string_equal(aks_error_code(&error), "ssh_key_unavailable");
    aks_error_clear(&error);
    free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_a_pair_that_others_cannot_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_the_key_that_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(makes_the_public_half_of_a_private_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_a_private_key_alone_that_it_cannot_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_an_empty_public_key, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
