/*
 * Shared by the guest's load programs: a counter that one process increments and a small TCP server reads out.
 * Each connection gets one line, "<name> <count> <guest monotonic ns>\n", and is closed; two readings give a rate.
 */
#ifndef REPORT_H
#define REPORT_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define REPORT_PORT 7001
#define NANOS 1000000000ULL

static inline uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NANOS + (uint64_t)t.tv_nsec;
}

static inline void report_serve(const char *name, volatile uint64_t *count)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(REPORT_PORT)};
    int on = 1;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(server, (struct sockaddr *)&any, sizeof any) || listen(server, 8)) {
        perror("report: cannot listen");
        _exit(1);
    }
    for (;;) {
        char line[96];
        int peer = accept(server, NULL, NULL);
        if (peer < 0) {
            continue;
        }
        int length = snprintf(line, sizeof line, "%s %llu %llu\n", name, (unsigned long long)*count,
                              (unsigned long long)now_ns());
        if (write(peer, line, (size_t)length) < 0) {
            perror("report: write");
        }
        close(peer);
    }
}

/* Starts the server in a child that dies with its parent; returns the shared counter. */
static inline volatile uint64_t *report_start(const char *name)
{
    volatile uint64_t *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (count == MAP_FAILED) {
        perror("report: mmap");
        exit(1);
    }
    signal(SIGPIPE, SIG_IGN);
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        report_serve(name, count);
    }
    return count;
}

/* Prints the rate about once a second; call it often. */
static inline void report_print(const char *name, uint64_t count, uint64_t now)
{
    static uint64_t last_ns, last_count;
    if (last_ns == 0) {
        last_ns = now;
        last_count = count;
    } else if (now - last_ns >= NANOS) {
        printf("%s %llu /s\n", name, (unsigned long long)((count - last_count) * NANOS / (now - last_ns)));
        fflush(stdout);
        last_ns = now;
        last_count = count;
    }
}

#endif
