/* The engine's side of the shim: a socket whose end is the end of this process, and the thread that answers on it. */
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int sock = -1;

static void die(const char *why) {
    dprintf(STDERR_FILENO, "mirror shim: %s; ending the guest\n", why);
    kill(getpid(), SIGKILL);
    _exit(137); /* process 1 of a container is deaf to its own SIGKILL */
}

static void send_all(const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t n = send(sock, at, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            die("the engine closed its socket");
        }
        at += n;
        length -= (size_t)n;
    }
}

static void *serve(void *unused) {
    (void)unused;
    prctl(PR_SET_NAME, "mirror-shim");
    for (;;) {
        struct request request;
        ssize_t n = recv(sock, &request, sizeof request, MSG_WAITALL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n != (ssize_t)sizeof request) {
            die("the engine closed its socket");
        }
        struct answer answer = {.magic = MAGIC, .sequence = request.sequence};
        if (request.magic != MAGIC || request.op != OP_SCAN) {
            answer.status = -EPROTO;
            answer.step = STEP_REQUEST;
        } else {
            shim_scan(&answer);
        }
        send_all(&answer, sizeof answer);
    }
    return NULL;
}

void engine_connect(void) {
    const char *path = getenv("MIRROR_SHIM_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || strlen(path) >= sizeof address.sun_path) {
        die("MIRROR_SHIM_SOCKET is not set or too long");
    }
    strcpy(address.sun_path, path);
    sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result;
    do {
        result = sock < 0 ? -1 : connect(sock, (struct sockaddr *)&address, sizeof address);
    } while (sock >= 0 && result != 0 && errno == EINTR);
    if (result != 0) {
        dprintf(STDERR_FILENO, "mirror shim: connect to %s: %s\n", path, strerror(errno));
        die("no engine to live with");
    }
}

/* Says hello and starts the thread, which must not take signals that QEMU's own threads wait for. */
void engine_start(struct hello *hello) {
    send_all(hello, sizeof *hello);
    sigset_t all, before;
    pthread_t thread;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, serve, NULL) != 0) {
        die("no thread to watch the engine with");
    }
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* For a forked child, which must not keep the engine's socket open. */
void engine_leave(void) {
    close(sock);
    sock = -1;
}
