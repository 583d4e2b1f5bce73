/* The engine and TLS: an authority made for the test, servers on loopback that use it, and HTTP/2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>

#include "../support/http_world.h"

#define KEY_OPTIONS "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"

static const struct wire_answer no_answers[] = {{0}};
static struct world world;
static char folder[] = "/tmp/aks-tls-XXXXXX";
static char ca_file[64];

static void run(const char *format, ...) AKS_PRINTF(1, 2);

/* Runs a shell command in the folder; its output is of no interest. */
static void run(const char *format, ...)
{
    char command[1024];
    int length = snprintf(command, sizeof command, "cd %s && exec >/dev/null 2>&1; ", folder);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(command + length, sizeof command - (size_t)length, format, arguments);
    va_end(arguments);
    assert_int_equal(system(command), 0);
}

static int make_authority(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", folder);
    run("openssl req -x509 " KEY_OPTIONS " -keyout ca.key -out ca.pem -subj /CN=spec-authority");
    run("openssl req -x509 " KEY_OPTIONS " -keyout key.pem -out cert.pem -subj /CN=localhost -CA ca.pem -CAkey ca.key"
        " -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE");
    run("printf hello > hello");
    return 0;
}

static int remove_authority(void **state)
{
    (void)state;
    run("rm -r %s", folder);
    return 0;
}

/* A program that serves on a port of its own. */
struct program {
    pid_t process;
    unsigned port;
};

static bool accepts(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected;

    address.sin_port = htons((in_port_t)port);
    connected = connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0;
    close(descriptor);
    return connected;
}

/* `arguments` has the place of the port as "PORT", alone or behind "127.0.0.1:". */
static void program_start(struct program *program, const char *const arguments[])
{
    char port[16], address[32], *copies[32];
    size_t count = 0;

    close(wire_listen(&program->port));
    snprintf(port, sizeof port, "%u", program->port);
    snprintf(address, sizeof address, "127.0.0.1:%u", program->port);
    for (; arguments[count]; count++)
        copies[count] = strcmp(arguments[count], "PORT") == 0             ? port
                        : strcmp(arguments[count], "127.0.0.1:PORT") == 0 ? address
                                                                          : (char *)(uintptr_t)arguments[count];
    copies[count] = NULL;
    program->process = fork();
    if (program->process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int nothing = open("/dev/null", O_RDWR);

        dup2(nothing, 0);
        dup2(nothing, 1);
        dup2(nothing, 2);
        if (chdir(folder) == 0)
            execvp(copies[0], copies);
        _exit(127);
    }
    for (int i = 0; i < 1000 && !accepts(program->port); i++)
        usleep(10000);
}

static void program_stop(struct program *program)
{
    kill(program->process, SIGKILL);
    waitpid(program->process, NULL, 0);
}

static bool is_installed(const char *program)
{
    char command[64];

    snprintf(command, sizeof command, "command -v %s >/dev/null", program);
    return system(command) == 0;
}

static void start_openssl(struct program *program)
{
    static const char *const arguments[] = {"openssl",  "s_server", "-accept", "127.0.0.1:PORT", "-cert",
                                            "cert.pem", "-key",     "key.pem", "-WWW",           NULL};

    program_start(program, arguments);
}

/* Serves bytes of no protocol: writes them to each connection and closes it. */
static void start_raw(struct program *program, const char *bytes)
{
    int listener = wire_listen(&program->port);

    program->process = fork();
    if (program->process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            int descriptor = accept(listener, NULL, NULL);

            wire_write(descriptor, bytes, strlen(bytes));
            close(descriptor);
        }
    }
    close(listener);
}

static void open_with(const char *authority)
{
    struct aks_transport_options options = {.ca_file = authority, .connect_timeout = 20, .concurrency = 8};

    world_open(&world, no_answers, &options);
}

static struct outcome get(const char *host, const struct program *program, const char *path)
{
    struct outcome outcome = {0};
    char url[128];

    snprintf(url, sizeof url, "https://%s:%u%s", host, program->port, path);
    assert_true(world_send(&world, &outcome, (struct aks_http_request){.url = url}));
    world_wait(&world, &outcome);
    return outcome;
}

/* What a request to `host` ends with: NULL, or the code of an error before anything was sent. */
static void expect(const struct program *program, const char *authority, const char *host, const char *code)
{
    struct outcome outcome;

    open_with(authority);
    outcome = get(host, program, "/hello");
    if (code) {
        assert_string_equal(aks_error_code(&outcome.error), code);
        assert_true(outcome.error.unsent);
    } else {
        assert_int_equal(outcome.status, 200);
        assert_string_equal(outcome.body, "hello");
    }
    outcome_clear(&outcome);
    world_close(&world);
}

static void a_certificate_must_be_of_a_known_authority_and_of_the_host(void **state)
{
    struct program program;

    (void)state;
    start_openssl(&program);
    expect(&program, ca_file, "localhost", NULL);
    expect(&program, NULL, "localhost", "tls_failed");
    expect(&program, "/nowhere/ca.pem", "localhost", "tls_failed");
    expect(&program, ca_file, "127.0.0.1", "tls_failed");
    program_stop(&program);
}

static void the_hint_says_how_to_trust_an_authority(void **state)
{
    struct program program;
    struct outcome outcome;

    (void)state;
    start_openssl(&program);
    open_with(NULL);
    outcome = get("localhost", &program, "/hello");
    assert_non_null(strstr(outcome.error.hint, "ca_file"));
    assert_non_null(strstr(outcome.error.message, "localhost"));
    assert_false(outcome.error.retryable);
    outcome_clear(&outcome);
    world_close(&world);
    program_stop(&program);
}

static void tls_before_1_2_is_refused(void **state)
{
    static const char *const arguments[] = {
        "openssl", "s_server", "-accept", "127.0.0.1:PORT", "-cert",           "cert.pem", "-key",
        "key.pem", "-WWW",     "-tls1_1", "-cipher",        "ALL:@SECLEVEL=0", NULL};
    struct program program;

    (void)state;
    program_start(&program, arguments);
    expect(&program, ca_file, "localhost", "tls_failed");
    program_stop(&program);
}

static void what_does_not_speak_tls_is_refused(void **state)
{
    struct program program;

    (void)state;
    start_raw(&program, "HTTP/1.1 400 Bad Request\r\n\r\n");
    expect(&program, ca_file, "localhost", "tls_failed");
    program_stop(&program);
}

static void a_handshake_that_breaks_off_is_a_lost_connection(void **state)
{
    struct program program;

    (void)state;
    start_raw(&program, "");
    expect(&program, ca_file, "localhost", "connection_failed");
    program_stop(&program);
}

static int open_sockets(void)
{
    DIR *list = opendir("/proc/self/fd");
    struct dirent *entry;
    char target[64];
    int count = 0;

    while ((entry = readdir(list)) != NULL) {
        ssize_t length = readlinkat(dirfd(list), entry->d_name, target, sizeof target);

        count += length > 7 && memcmp(target, "socket:", 7) == 0;
    }
    closedir(list);
    return count;
}

static void http_2_carries_many_over_one_connection(void **state)
{
    static const char *const arguments[] = {"nghttpd", "--address=127.0.0.1", "-d", ".", "PORT", "key.pem", "cert.pem",
                                            NULL};
    struct outcome outcomes[20] = {0};
    struct program program;
    char url[64];
    int before;

    (void)state;
    if (!is_installed("nghttpd"))
        skip();
    program_start(&program, arguments);
    open_with(ca_file);
    before = open_sockets();
    snprintf(url, sizeof url, "https://localhost:%u/hello", program.port);
    for (int i = 0; i < 20; i++)
        assert_true(world_send(&world, &outcomes[i], (struct aks_http_request){.url = url}));
    for (int i = 0; i < 20; i++) {
        if (outcomes[i].told == 0)
            world_wait(&world, &outcomes[i]);
        assert_int_equal(outcomes[i].status, 200);
        assert_string_equal(outcomes[i].body, "hello");
        assert_non_null(strstr(aks_headers_get(&outcomes[i].headers, "server"), "nghttpd"));
        outcome_clear(&outcomes[i]);
    }
    assert_int_equal(open_sockets(), before + 1);
    world_close(&world);
    program_stop(&program);
}

static void a_server_that_goes_away_leaves_the_engine_usable(void **state)
{
    static const char *const arguments[] = {"nghttpd", "--address=127.0.0.1", "-d", ".", "PORT", "key.pem", "cert.pem",
                                            NULL};
    struct program first, second;
    struct outcome outcome;

    (void)state;
    if (!is_installed("nghttpd"))
        skip();
    program_start(&first, arguments);
    program_start(&second, arguments);
    open_with(ca_file);
    outcome = get("localhost", &first, "/hello");
    assert_int_equal(outcome.status, 200);
    outcome_clear(&outcome);
    program_stop(&first);
    outcome = get("localhost", &first, "/hello");
    assert_string_equal(aks_error_code(&outcome.error), "connection_failed");
    outcome_clear(&outcome);
    outcome = get("localhost", &second, "/hello");
    assert_int_equal(outcome.status, 200);
    outcome_clear(&outcome);
    world_close(&world);
    program_stop(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_must_be_of_a_known_authority_and_of_the_host),
        cmocka_unit_test(the_hint_says_how_to_trust_an_authority),
        cmocka_unit_test(tls_before_1_2_is_refused),
        cmocka_unit_test(what_does_not_speak_tls_is_refused),
        cmocka_unit_test(a_handshake_that_breaks_off_is_a_lost_connection),
        cmocka_unit_test(http_2_carries_many_over_one_connection),
        cmocka_unit_test(a_server_that_goes_away_leaves_the_engine_usable),
    };

    return cmocka_run_group_tests(tests, make_authority, remove_authority);
}
