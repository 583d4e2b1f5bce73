/* Programs that are run for what they print. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/process.h"

static struct aks_loop *loop;

static int set_up(void **state)
{
    struct aks_error error = {0};

    (void)state;
    loop = aks_loop_new(&error);
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    assert_true(aks_loop_timeout(loop) < 0);
    aks_loop_free(loop);
    return 0;
}

struct told {
    unsigned times;
    int status;
    char output[256], errors[256];
    struct aks_error error;
};

static void on_done(void *context, struct aks_process_result *result, struct aks_error *error)
{
    struct told *told = context;

    told->times++;
    if (!result) {
        aks_error_copy(&told->error, error);
        return;
    }
    told->status = result->status;
    snprintf(told->output, sizeof told->output, "%s",
             result->streams[AKS_PROCESS_OUTPUT].data ? result->streams[AKS_PROCESS_OUTPUT].data : "");
    snprintf(told->errors, sizeof told->errors, "%s",
             result->streams[AKS_PROCESS_ERRORS].data ? result->streams[AKS_PROCESS_ERRORS].data : "");
}

static const char *const variables[] = {"SPEC_VARIABLE=given", "PATH=/usr/bin:/bin", NULL};

/* Runs a shell script; the shell is the program here. */
static struct told run(const char *script, double timeout, size_t limit)
{
    const char *arguments[] = {"sh", "-c", script, "first", NULL};
    const struct aks_process_request request = {.program = "/bin/sh",
                                                .arguments = arguments,
                                                .variables = variables,
                                                .directory = "/",
                                                .timeout = timeout,
                                                .limit = limit};
    struct told told = {0};
    struct aks_error error = {0};

    assert_non_null(aks_process_start(loop, &request, on_done, &told, &error));
    assert_int_equal(told.times, 0);
    while (told.times == 0)
        assert_true(aks_loop_step(loop, -1, NULL, &error));
    assert_int_equal(told.times, 1);
    return told;
}

static void both_outputs_and_the_status_are_told(void **state)
{
    struct told told = run("echo out; echo err >&2; exit 7", 60, 1000);

    (void)state;
    assert_int_equal(told.status, 7);
    assert_string_equal(told.output, "out\n");
    assert_string_equal(told.errors, "err\n");
}

static void a_signal_is_told_as_such(void **state)
{
    (void)state;
    assert_int_equal(run("kill -15 $$", 60, 1000).status, -15);
}

static void it_runs_where_and_with_what_it_is_told(void **state)
{
    struct told told;

    (void)state;
    setenv("SPEC_VARIABLE", "of the environment", 1);
    setenv("SPEC_OTHER", "kept", 1);
    /* the last: the loop's own descriptors are not for it */
    told = run("pwd; echo $SPEC_VARIABLE, $SPEC_OTHER, $0; cat; ls -l /proc/self/fd | grep -c anon_inode", 60, 1000);
    assert_string_equal(told.output, "/\ngiven, kept, first\n0\n");
}

static void what_is_written_has_a_limit(void **state)
{
    struct told told = run("printf 1234567890", 60, 10);

    (void)state;
    assert_string_equal(told.output, "1234567890");
    told = run("printf 12345678901; sleep 1000", 60, 10);
    assert_string_equal(aks_error_code(&told.error), "response_too_large");
    aks_error_clear(&told.error);
    told = run("printf 12345678901 >&2", 60, 10);
    assert_string_equal(aks_error_code(&told.error), "response_too_large");
    aks_error_clear(&told.error);
}

static void what_takes_too_long_is_ended(void **state)
{
    struct told told = run("echo begun; sleep 1000", 0.05, 1000);

    (void)state;
    assert_string_equal(aks_error_code(&told.error), "timeout");
    aks_error_clear(&told.error);
}

static void what_it_leaves_behind_does_not_matter(void **state)
{
    struct told told = run("sleep 1000 & echo $!", 60, 1000);
    long left = atol(told.output);

    (void)state;
    assert_int_equal(told.status, 0);
    assert_true(left > 1);
    assert_int_equal(kill((pid_t)left, SIGKILL), 0);
}

static void closing_its_outputs_is_not_the_end(void **state)
{
    (void)state;
    assert_int_equal(run("exec >&- 2>&-; sleep 0.05; exit 3", 60, 1000).status, 3);
}

static void what_cannot_be_run_is_told_at_once(void **state)
{
    static const char *const programs[] = {"/nonexistent", "/", "/etc/hostname"};
    const char *arguments[] = {"x", NULL};

    (void)state;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        const struct aks_process_request request = {.program = programs[i],
                                                    .arguments = arguments,
                                                    .variables = variables,
                                                    .directory = "/",
                                                    .timeout = 1,
                                                    .limit = 1};
        struct told told = {0};
        struct aks_error error = {0};

        assert_null(aks_process_start(loop, &request, on_done, &told, &error));
        assert_string_equal(aks_error_code(&error), "credential_unavailable");
        assert_non_null(strstr(error.message, programs[i]));
        aks_error_clear(&error);
    }
}

static void canceling_ends_it(void **state)
{
    const char *arguments[] = {"sh", "-c", "sleep 1000 & sleep 1000", NULL};
    const struct aks_process_request request = {.program = "/bin/sh",
                                                .arguments = arguments,
                                                .variables = variables,
                                                .directory = "/",
                                                .timeout = 60,
                                                .limit = 100};
    struct told told = {0};
    struct aks_error error = {0};
    struct aks_process *process = aks_process_start(loop, &request, on_done, &told, &error);

    (void)state;
    assert_non_null(process);
    aks_process_cancel(process);
    assert_int_equal(told.times, 0);
}

static void a_program_is_found_in_absolute_directories_alone(void **state)
{
    char directory[] = "/tmp/aks-path-XXXXXX", *before = strdup(getenv("PATH")), *program, *found, *path;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    assert_true(asprintf(&program, "%s/az", directory) > 0);
    file = fopen(program, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_true(asprintf(&path, ":.:/nonexistent:%s", directory) > 0);
    setenv("PATH", path, 1);
    assert_null(aks_process_find("az")); /* it may not be run */
    assert_int_equal(chmod(program, 0700), 0);
    found = aks_process_find("az");
    assert_string_equal(found, program);
    free(found);
    setenv("PATH", ".::relative/", 1);
    assert_null(aks_process_find("az"));
    unsetenv("PATH");
    assert_null(aks_process_find("az"));
    setenv("PATH", before, 1);
    assert_int_equal(chdir("/"), 0);
    unlink(program);
    rmdir(directory);
    free(before);
    free(program);
    free(path);
}

#define test_of(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_of(both_outputs_and_the_status_are_told),
        test_of(a_signal_is_told_as_such),
        test_of(it_runs_where_and_with_what_it_is_told),
        test_of(what_is_written_has_a_limit),
        test_of(what_takes_too_long_is_ended),
        test_of(what_it_leaves_behind_does_not_matter),
        test_of(closing_its_outputs_is_not_the_end),
        test_of(what_cannot_be_run_is_told_at_once),
        test_of(canceling_ends_it),
        test_of(a_program_is_found_in_absolute_directories_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
