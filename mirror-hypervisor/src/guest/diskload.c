/*
 * Disk load that notices loss: diskload DEVICE FROM_MIB [OPERATIONS_PER_SECOND]. Writes, zeroes and reads back the part of a disk from
 * FROM_MIB to its end for ever, past the page cache (O_DIRECT), in requests of 1 to 512 sectors, four of them at a time.
 *
 * What a sector must hold follows from its number and its version, how often it was written; the versions are kept in memory. So a read
 * tells a write that was lost (an older version), one that came late over a newer one (an older version, too), one that went elsewhere
 * (the number of another sector) and a torn one (neither). Zeroing sets a sector back to version 0. Workers own disjoint parts.
 *
 * Port 7002 answers each connection with one line, "diskload <sectors verified> <guest monotonic ns> key=value ...", and closes it.
 * Port 7003 empties the guest's page cache and answers "dropped": what is read afterwards comes from the disk.
 */
#define _GNU_SOURCE
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define SECTOR 512ULL
#define WORDS (SECTOR / 8)
#define MOST_SECTORS 512ULL
#define WORKERS 4
#define STATUS_PORT 7002
#define DROP_PORT 7003
#define MAGIC 0x6d6972726f726469ULL
#define SHOWN_FAILURES 20

static struct {
    uint64_t verified, writes, reads, zeroes, flushes, operations, failures, slowest_us;
    char first_failure[200];
} count;
static pthread_mutex_t failing = PTHREAD_MUTEX_INITIALIZER;
static const char *device;
static uint64_t unit;

struct worker {
    pthread_t thread;
    int file;
    uint64_t first, sectors, random, nanos_each;
    uint32_t *versions;
    uint64_t *buffer;
};

static void add(uint64_t *counter, uint64_t n) { __atomic_fetch_add(counter, n, __ATOMIC_RELAXED); }

static void failed(const char *format, ...)
{
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&failing);
    if (count.failures++ == 0) {
        strcpy(count.first_failure, text);
    }
    if (count.failures <= SHOWN_FAILURES) {
        printf("diskload: FAIL %s\n", text);
        fflush(stdout);
    }
    pthread_mutex_unlock(&failing);
}

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void fill(uint64_t *words, uint64_t sector, uint32_t version)
{
    uint64_t state = (sector * 0x9e3779b97f4a7c15ULL) ^ ((uint64_t)version << 32 | (version + 1));
    words[0] = MAGIC;
    words[1] = sector;
    words[2] = version;
    for (uint64_t i = 3; i < WORDS; i++) {
        words[i] = next(&state);
    }
}

/* What a sector holds that is not what it must hold. */
static void blame(const uint64_t *words, uint64_t sector, uint32_t expected)
{
    uint64_t whole[WORDS];
    if (words[0] != MAGIC) {
        failed("torn or foreign: sector %llu holds %016llx %016llx, expected version %u", (unsigned long long)sector,
               (unsigned long long)words[0], (unsigned long long)words[1], expected);
        return;
    }
    fill(whole, words[1], (uint32_t)words[2]);
    if (memcmp(whole, words, SECTOR) != 0) {
        failed("torn: sector %llu, stamped as sector %llu version %llu, expected version %u", (unsigned long long)sector,
               (unsigned long long)words[1], (unsigned long long)words[2], expected);
    } else if (words[1] != sector) {
        failed("misplaced: sector %llu holds sector %llu version %llu", (unsigned long long)sector,
               (unsigned long long)words[1], (unsigned long long)words[2]);
    } else {
        failed("lost or overtaken write: sector %llu holds version %llu, expected version %u", (unsigned long long)sector,
               (unsigned long long)words[2], expected);
    }
}

static void verify(struct worker *me, uint64_t at, uint64_t sectors)
{
    uint64_t wanted[WORDS];
    for (uint64_t i = 0; i < sectors; i++) {
        const uint64_t *words = me->buffer + i * WORDS;
        uint32_t version = me->versions[at + i];
        if (version == 0) {
            memset(wanted, 0, sizeof wanted);
        } else {
            fill(wanted, me->first + at + i, version);
        }
        if (memcmp(wanted, words, SECTOR) != 0) {
            blame(words, me->first + at + i, version);
        }
    }
    add(&count.verified, sectors);
}

static void broken(const char *verb, uint64_t sector, uint64_t sectors)
{
    failed("I/O error: %s of %llu sectors at %llu: %s", verb, (unsigned long long)sectors, (unsigned long long)sector,
           strerror(errno));
}

static void read_back(struct worker *me, uint64_t at, uint64_t sectors)
{
    if (pread(me->file, me->buffer, sectors * SECTOR, (off_t)((me->first + at) * SECTOR)) != (ssize_t)(sectors * SECTOR)) {
        broken("read", me->first + at, sectors);
        return;
    }
    verify(me, at, sectors);
    add(&count.reads, 1);
}

static void write_new(struct worker *me, uint64_t at, uint64_t sectors)
{
    for (uint64_t i = 0; i < sectors; i++) {
        fill(me->buffer + i * WORDS, me->first + at + i, ++me->versions[at + i]);
    }
    if (pwrite(me->file, me->buffer, sectors * SECTOR, (off_t)((me->first + at) * SECTOR)) != (ssize_t)(sectors * SECTOR)) {
        broken("write", me->first + at, sectors);
    }
    add(&count.writes, 1);
}

static void zero(struct worker *me, uint64_t at, uint64_t sectors)
{
    uint64_t range[2] = {(me->first + at) * SECTOR, sectors * SECTOR};
    if (ioctl(me->file, BLKZEROOUT, range) != 0) {
        broken("zero", me->first + at, sectors);
    }
    memset(me->versions + at, 0, sectors * sizeof *me->versions);
    add(&count.zeroes, 1);
}

/* One operation of a random kind, size and place. */
static void operate(struct worker *me)
{
    static const uint64_t sizes[] = {1, 3, 8, 8, 8, 8, 16, 64, 128, MOST_SECTORS};
    uint64_t sectors = sizes[next(&me->random) % (sizeof sizes / sizeof *sizes)];
    sectors = (sectors + unit - 1) / unit * unit;
    uint64_t at = next(&me->random) % (me->sectors - sectors + 1) / unit * unit;
    uint64_t dice = next(&me->random) % 100;
    if (dice < 45) {
        write_new(me, at, sectors);
    } else if (dice < 50) {
        /* The same place several times in a row, then at once what is there. */
        for (int i = 0; i < 3; i++) {
            write_new(me, at, sectors);
        }
        read_back(me, at, sectors);
    } else if (dice < 52) {
        zero(me, at, sectors);
    } else if (dice < 57) {
        if (fsync(me->file) != 0) {
            broken("flush", me->first, 0);
        }
        add(&count.flushes, 1);
    } else {
        read_back(me, at, sectors);
    }
}

static void *work(void *argument)
{
    struct worker *me = argument;
    uint64_t due = now_ns();
    for (;;) {
        uint64_t begin = now_ns();
        operate(me);
        uint64_t end = now_ns();
        uint64_t us = (end - begin) / 1000;
        if (us > __atomic_load_n(&count.slowest_us, __ATOMIC_RELAXED)) {
            __atomic_store_n(&count.slowest_us, us, __ATOMIC_RELAXED);
        }
        add(&count.operations, 1);
        /* Operations that a standstill held up are not made up for. */
        due = due + me->nanos_each > end ? due + me->nanos_each : end;
        if (due > end) {
            usleep((useconds_t)((due - end) / 1000));
        }
    }
    return NULL;
}

static int listen_at(uint16_t port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(server, (struct sockaddr *)&any, sizeof any) || listen(server, 8)) {
        perror("diskload: cannot listen");
        exit(1);
    }
    return server;
}

static int describe(char *line, size_t room)
{
    pthread_mutex_lock(&failing);
    int length = snprintf(line, room,
                          "diskload %llu %llu operations=%llu writes=%llu reads=%llu zeroes=%llu flushes=%llu slowest-us=%llu "
                          "failures=%llu first=%s\n",
                          (unsigned long long)count.verified, (unsigned long long)now_ns(),
                          (unsigned long long)count.operations, (unsigned long long)count.writes,
                          (unsigned long long)count.reads, (unsigned long long)count.zeroes, (unsigned long long)count.flushes,
                          (unsigned long long)count.slowest_us, (unsigned long long)count.failures, count.first_failure);
    pthread_mutex_unlock(&failing);
    return length;
}

static int drop_caches(char *line, size_t room)
{
    sync();
    int file = open("/proc/sys/vm/drop_caches", O_WRONLY);
    int ok = file >= 0 && write(file, "3", 1) == 1;
    if (file >= 0) {
        close(file);
    }
    return snprintf(line, room, ok ? "dropped\n" : "cannot drop: %s\n", strerror(errno));
}

static void *serve(void *unused)
{
    struct pollfd servers[] = {{.fd = listen_at(STATUS_PORT), .events = POLLIN}, {.fd = listen_at(DROP_PORT), .events = POLLIN}};
    char line[640];
    for (;;) {
        if (poll(servers, 2, -1) < 0) {
            continue;
        }
        for (int i = 0; i < 2; i++) {
            int peer = servers[i].revents & POLLIN ? accept(servers[i].fd, NULL, NULL) : -1;
            if (peer < 0) {
                continue;
            }
            int length = i == 0 ? describe(line, sizeof line) : drop_caches(line, sizeof line);
            if (write(peer, line, (size_t)length) < 0) {
                perror("diskload: answer");
            }
            close(peer);
        }
    }
    return unused;
}

static void begin(struct worker *me)
{
    me->file = open(device, O_RDWR | O_DIRECT);
    me->versions = calloc(me->sectors, sizeof *me->versions);
    if (me->file < 0 || me->versions == NULL || posix_memalign((void **)&me->buffer, 4096, MOST_SECTORS * SECTOR) != 0) {
        perror("diskload: cannot begin");
        exit(1);
    }
    zero(me, 0, me->sectors);
}

int main(int argc, char **argv)
{
    static struct worker workers[WORKERS];
    uint64_t from = argc > 2 ? strtoull(argv[2], NULL, 10) << 20 : 0;
    uint64_t rate = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    uint64_t bytes = 0;
    int logical = 0;
    device = argc > 1 ? argv[1] : "";
    int file = open(device, O_RDONLY);
    if (file < 0 || ioctl(file, BLKGETSIZE64, &bytes) != 0 || ioctl(file, BLKSSZGET, &logical) != 0) {
        printf("diskload: FAIL cannot use disk '%s': %s\n", device, strerror(errno));
        return 1;
    }
    close(file);
    unit = (uint64_t)logical / SECTOR;
    uint64_t share = bytes < from ? 0 : (bytes - from) / WORKERS / (MOST_SECTORS * SECTOR) * MOST_SECTORS;
    if (share < MOST_SECTORS) {
        printf("diskload: FAIL disk '%s' has %llu bytes: too few behind %llu\n", device, (unsigned long long)bytes,
               (unsigned long long)from);
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    for (uint64_t i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.first = from / SECTOR + i * share,
                                     .sectors = share,
                                     .random = 88172645463325252ULL + i * 7919,
                                     .nanos_each = rate == 0 ? 0 : WORKERS * NANOS / rate};
        begin(&workers[i]);
    }
    pthread_t server;
    pthread_create(&server, NULL, serve, NULL);
    for (uint64_t i = 0; i < WORKERS; i++) {
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    printf("diskload: begins, %llu sectors from %llu\n", (unsigned long long)(share * WORKERS), (unsigned long long)(from / SECTOR));
    fflush(stdout);
    char line[640];
    for (;;) {
        sleep(5);
        describe(line, sizeof line);
        fputs(line, stdout);
        fflush(stdout);
    }
}
