/* Saving a kubeconfig when the process is killed, or the system refuses, at any of its steps; and without memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/torture.h"
#include "base/text.h"
#include "kubeconfig/file.h"

/* The steps are the calls below, which are in place of those of the C library. At one of them the process is killed, or
   the call fails. */
static struct {
    int left;    /* calls until then; negative: never */
    int failure; /* 0: the process is killed */
    bool done;
    const char *name; /* of the call that failed */
} trouble = {.left = -1};

/* Whether this call is to fail. */
static bool step(const char *name)
{
    if (trouble.left < 0 || trouble.left-- > 0)
        return false;
    trouble.done = true;
    trouble.name = name;
    if (trouble.failure == 0)
        kill(getpid(), SIGKILL);
    errno = trouble.failure;
    return true;
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list arguments;

    va_start(arguments, flags);
    if (flags & (O_CREAT | O_TMPFILE))
        mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return step("open") ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

ssize_t write(int descriptor, const void *bytes, size_t count)
{
    return step("write") ? -1 : syscall(SYS_write, descriptor, bytes, count);
}

/* Files that a program which does not lock writes while ours writes: at so many calls of fsync. */
static struct {
    int times;
    char path[512];
} intruder;

static void intrude(void)
{
    static int count;
    char text[512];
    int length = snprintf(text, sizeof text,
                          "clusters: [{name: first}, {name: intruder-%d}]\nusers: [{name: user-first}]\n", ++count);
    int descriptor = open(intruder.path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_int_equal(write(descriptor, text, (size_t)length), length);
    close(descriptor);
}

int fsync(int descriptor)
{
    if (intruder.times > 0) {
        intruder.times--;
        intrude();
    }
    return step("fsync") ? -1 : (int)syscall(SYS_fsync, descriptor);
}

int fchmod(int descriptor, mode_t mode)
{
    return step("fchmod") ? -1 : (int)syscall(SYS_fchmod, descriptor, mode);
}

int rename(const char *from, const char *to)
{
    return step("rename") ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    return step("linkat") ? -1 : (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
}

int flock(int descriptor, int operation)
{
    return step("flock") ? -1 : (int)syscall(SYS_flock, descriptor, operation);
}

int unlink(const char *path)
{
    return step("unlink") ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

static char directory[] = "/tmp/aks-kubeconfig-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

/* Removes every file; the number of those not named "config" or "link". */
static int remove_all(void)
{
    DIR *stream = opendir(directory);
    struct dirent *entry;
    int count = 0;

    assert_non_null(stream);
    while ((entry = readdir(stream))) {
        if (entry->d_name[0] == '.')
            continue;
        count += strcmp(entry->d_name, "config") != 0 && strcmp(entry->d_name, "link") != 0;
        assert_int_equal(unlink(path_of(entry->d_name)), 0);
    }
    closedir(stream);
    return count;
}

static int tear_down(void **state)
{
    (void)state;
    remove_all();
    return rmdir(directory);
}

/* New text of a kubeconfig for a cluster. */
static char *text_of(const char *name)
{
    char *text = aks_text_format("clusters:\n- name: %s\n  cluster: {server: 'https://%s'}\n"
                                 "users:\n- name: user-%s\n  user: {token: secret}\n"
                                 "contexts:\n- name: %s\n  context: {cluster: %s, user: user-%s}\n",
                                 name, name, name, name, name, name);

    assert_non_null(text);
    return text;
}

static bool save_text(const char *file, const char *text, struct aks_error *error)
{
    struct aks_kubeconfig_options options = {.set_current = true};
    struct aks_kubeconfig_saved saved = {0};
    bool ok = aks_kubeconfig_save(file, text, strlen(text), &options, 0, &saved, error);

    aks_kubeconfig_saved_clear(&saved);
    return ok;
}

/* Saves without trouble. */
static void save(const char *file, const char *name)
{
    struct aks_error error = {0};
    char *text = text_of(name);

    if (!save_text(path_of(file), text, &error))
        fail_msg("%s", error.no_memory ? "no memory" : error.message);
    free(text);
}

/* Whether the file is a whole kubeconfig with these many clusters, of mode 0600. */
static size_t count_clusters(void)
{
    struct aks_yaml yaml = {0};
    struct aks_error error = {0};
    struct stat status;
    char text[8192];
    FILE *file = fopen(path_of("config"), "r");
    size_t length, count;
    const yaml_node_t *list;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    length = fread(text, 1, sizeof text, file);
    fclose(file);
    if (!aks_yaml_load(&yaml, "config", text, length, &error))
        fail_msg("%s", error.message);
    list = aks_yaml_node(&yaml, aks_yaml_find(&yaml, 1, "clusters"));
    count = (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
    assert_non_null(strstr(text, "user-first"));
    aks_yaml_clear(&yaml);
    return count;
}

/* Saves in a process that is killed at the call numbered `at`; false when it came to its end. */
static bool is_killed_at(const char *file, int at)
{
    char *text = text_of("second");
    const char *path = path_of(file);
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct aks_error error = {0};

        trouble.left = at;
        _exit(save_text(path, text, &error) ? 0 : 1);
    }
    free(text);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFSIGNALED(status);
}

static void being_killed_anywhere_leaves_old_or_new(const char *file)
{
    int at = 0;
    bool killed = true;

    for (; killed; at++) {
        size_t count;

        remove_all();
        if (strcmp(file, "link") == 0)
            assert_int_equal(symlink("config", path_of("link")), 0);
        save(file, "first");
        killed = is_killed_at(file, at);
        count = count_clusters();
        assert_in_range(count, killed ? 1 : 2, 2);
        save(file, "third"); /* what the dead process left does not hinder, and goes */
        assert_int_equal(count_clusters(), count + 1);
        assert_int_equal(remove_all(), 0);
    }
    assert_true(at > 10);
}

static void a_killed_process_leaves_the_old_file_or_the_new_one(void **state)
{
    (void)state;
    being_killed_anywhere_leaves_old_or_new("config");
}

static void also_through_a_link(void **state)
{
    (void)state;
    being_killed_anywhere_leaves_old_or_new("link");
}

/* A call that fails is an error, unless the work can go on without it; then nothing is lost either. */
static void a_call_that_fails_leaves_the_old_file_or_the_new_one(void **state)
{
    static const int failures[] = {EIO, ENOSPC, EACCES};
    char *text = text_of("second");

    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        bool failed = true;

        for (int at = 0; failed; at++) {
            struct aks_error error = {0};
            bool ok, unlinking;

            remove_all();
            save("config", "first");
            trouble.left = at;
            trouble.failure = failures[i];
            trouble.done = false;
            ok = save_text(path_of("config"), text, &error);
            failed = trouble.done;
            unlinking = failed && strcmp(trouble.name, "unlink") == 0;
            trouble.left = -1;
            trouble.failure = 0;
            assert_int_equal(ok, !aks_error_is_set(&error));
            if (!ok)
                assert_string_equal(aks_error_code(&error), "file_failed");
            if (ok)
                assert_int_equal(count_clusters(), 2);
            else
                assert_in_range(count_clusters(), 1, strcmp(trouble.name, "fsync") == 0 ? 2 : 1);
            aks_error_clear(&error);
            if (!unlinking)
                assert_int_equal(remove_all(), 0);
        }
    }
    free(text);
}

static void merges_again_when_another_program_wrote_meanwhile(void **state)
{
    struct aks_error error = {0};
    char *text = text_of("second");

    (void)state;
    for (int existed = 0; existed <= 1; existed++) {
        remove_all();
        if (existed)
            save("config", "first");
        strcpy(intruder.path, path_of("config"));
        intruder.times = 3;
        assert_true(save_text(path_of("config"), text, &error));
        assert_int_equal(intruder.times, 0);
        assert_int_equal(count_clusters(), 3); /* first, the last intruder, second */
        assert_int_equal(remove_all(), 0);
    }
    intruder.times = 1000;
    assert_false(save_text(path_of("config"), text, &error));
    intruder.times = 0;
    assert_string_equal(aks_error_code(&error), "file_failed");
    assert_true(error.retryable);
    assert_int_equal(count_clusters(), 2);
    assert_int_equal(remove_all(), 0);
    aks_error_clear(&error);
    free(text);
}

static char torture_path[512];

static bool save_tortured(void)
{
    static const char existing[] = "clusters: []\nusers:\n- name: user-first\n";
    struct aks_error error = {0};
    bool on = torture_state.on, ok;
    FILE *file;
    char *text;

    torture_state.on = false;
    file = fopen(torture_path, "w");
    text = text_of("second");
    ok = file && fputs(existing, file) >= 0 && fclose(file) == 0;
    torture_state.on = on;
    ok = ok && save_text(torture_path, text, &error);
    torture_state.on = false;
    ok = ok || (torture_state.refused && strcmp(aks_error_code(&error), "out_of_memory") == 0);
    aks_error_clear(&error);
    free(text);
    return ok && remove_all() == 0;
}

static void survives_a_want_of_memory(void **state)
{
    const char *wrong;

    (void)state;
    strcpy(torture_path, path_of("config"));
    wrong = torture(save_tortured);
    if (wrong)
        fail_msg("%s", wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_killed_process_leaves_the_old_file_or_the_new_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(also_through_a_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_that_fails_leaves_the_old_file_or_the_new_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merges_again_when_another_program_wrote_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_a_want_of_memory, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
