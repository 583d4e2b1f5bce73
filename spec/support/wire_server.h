/* A server on 127.0.0.1 that answers with scripted bytes, chosen by the request's path. It is a process of its own, so
   that a test may run out of memory without taking its server with it. */
#ifndef AKS_SPEC_WIRE_SERVER_H
#define AKS_SPEC_WIRE_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a path is answered with. */
enum wire_end { WIRE_KEEP, WIRE_CLOSE, WIRE_RESET, WIRE_HANG, WIRE_HOLD };

struct wire_answer {
    const char *path;  /* with the query */
    const char *bytes; /* NULL: the request itself, as the body of a 200 */
    size_t length;     /* 0: strlen(bytes) */
    size_t repeat;     /* `filler` so many times between head and tail */
    const char *filler;
    const char *tail;  /* after the filler */
    enum wire_end end; /* HOLD: answers when wire_server_release lets it */
};

/* Shared with the server's process. */
struct wire_counts {
    atomic_int connections;
    atomic_int requests;
};

struct wire_server {
    pid_t process;
    unsigned port;
    int release[2];
    struct wire_counts *counts;
    const struct wire_answer *answers; /* up to one without a path */
};

struct wire_connection {
    const struct wire_server *server;
    int descriptor;
};

static inline void wire_require(bool condition)
{
    if (!condition)
        abort();
}

static inline bool wire_write(int descriptor, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = send(descriptor, bytes, length, MSG_NOSIGNAL);

        if (count <= 0)
            return false;
        bytes += count;
        length -= (size_t)count;
    }
    return true;
}

/* Reads one request into `text`; false at the end of the connection. */
static inline bool wire_read(int descriptor, char *text, size_t size)
{
    size_t length = 0, wanted = SIZE_MAX;

    while (length < wanted && length < size - 1) {
        ssize_t count = recv(descriptor, text + length, wanted == SIZE_MAX ? 1 : wanted - length, 0);
        const char *field;

        if (count <= 0)
            return false;
        length += (size_t)count;
        text[length] = '\0';
        if (wanted == SIZE_MAX && length >= 4 && memcmp(text + length - 4, "\r\n\r\n", 4) == 0) {
            field = strcasestr(text, "\r\nContent-Length:");
            wanted = length + (field ? strtoul(field + 17, NULL, 10) : 0);
        }
    }
    return true;
}

static inline bool wire_echo(int descriptor, const char *text)
{
    char head[64];

    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(text));
    return wire_write(descriptor, head, strlen(head)) && wire_write(descriptor, text, strlen(text));
}

static inline bool wire_reply(int descriptor, const struct wire_answer *answer, const char *request)
{
    if (!answer->bytes)
        return wire_echo(descriptor, request);
    if (!wire_write(descriptor, answer->bytes, answer->length > 0 ? answer->length : strlen(answer->bytes)))
        return false;
    for (size_t i = 0; i < answer->repeat; i++)
        if (!wire_write(descriptor, answer->filler, strlen(answer->filler)))
            return false;
    return !answer->tail || wire_write(descriptor, answer->tail, strlen(answer->tail));
}

/* One answer; false when the connection is to be closed. */
static inline bool wire_answer(const struct wire_connection *connection, const char *request)
{
    const struct wire_answer *answer = connection->server->answers;
    static const struct linger at_once = {1, 0};
    char path[128] = "", byte;

    wire_require(sscanf(request, "%*s %127s", path) == 1);
    while (answer->path && strcmp(answer->path, path) != 0)
        answer++;
    wire_require(answer->path);
    atomic_fetch_add(&connection->server->counts->requests, 1);
    if (answer->end == WIRE_HANG) {
        while (recv(connection->descriptor, &byte, 1, 0) > 0)
            continue;
        return false;
    }
    if (answer->end == WIRE_HOLD)
        wire_require(read(connection->server->release[0], &byte, 1) == 1);
    if (!wire_reply(connection->descriptor, answer, request))
        return false;
    if (answer->end == WIRE_RESET)
        setsockopt(connection->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return answer->end == WIRE_KEEP || answer->end == WIRE_HOLD;
}

static inline void *wire_serve_connection(void *context)
{
    struct wire_connection *connection = context;
    char request[16384];

    while (wire_read(connection->descriptor, request, sizeof request) && wire_answer(connection, request))
        continue;
    close(connection->descriptor);
    free(connection);
    return NULL;
}

static inline void wire_serve(const struct wire_server *server, int listener)
{
    for (;;) {
        struct wire_connection *connection = malloc(sizeof *connection);
        pthread_t thread;

        wire_require(connection);
        connection->server = server;
        connection->descriptor = accept(listener, NULL, NULL);
        wire_require(connection->descriptor >= 0);
        atomic_fetch_add(&server->counts->connections, 1);
        wire_require(pthread_create(&thread, NULL, wire_serve_connection, connection) == 0);
        pthread_detach(thread);
    }
}

/* A listening socket on a free port of 127.0.0.1. */
static inline int wire_listen(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    wire_require(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0);
    wire_require(listen(listener, 64) == 0 && getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin_port);
    return listener;
}

static inline void wire_server_start(struct wire_server *server, const struct wire_answer *answers)
{
    int listener = wire_listen(&server->port);

    server->answers = answers;
    server->counts = mmap(NULL, sizeof *server->counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    wire_require(server->counts != MAP_FAILED && pipe(server->release) == 0);
    server->process = fork();
    wire_require(server->process >= 0);
    if (server->process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that is aborted leaves no server behind */
        wire_serve(server, listener);
    }
    close(listener);
}

/* Lets `count` held answers go. */
static inline void wire_server_release(struct wire_server *server, size_t count)
{
    while (count-- > 0)
        wire_require(write(server->release[1], "", 1) == 1);
}

static inline void wire_server_stop(struct wire_server *server)
{
    kill(server->process, SIGKILL);
    waitpid(server->process, NULL, 0);
    munmap(server->counts, sizeof *server->counts);
    close(server->release[0]);
    close(server->release[1]);
}

#endif
