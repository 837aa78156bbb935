/*
 * Stands in for QEMU: maps a memory file shared and writes to it on command.
 *
 *   ram_writer FILE PIECES       maps the file in that many pieces, says "ready"
 *   write SEED COUNT             COUNT writes of 8 random bytes at random places
 *   page FIRST COUNT STEP SEED   one write to each of COUNT pages from FIRST, STEP pages apart
 *   start SEED THREADS           threads that write until "stop"
 *   stop
 *   punch FIRST COUNT            gives pages of the file back, so that they read as zero
 *   remove FIRST COUNT           the same through the mapping
 *   fork                         forks a child that writes nothing, ends, and is waited for
 *   remap                        maps the same file again over the first piece
 *   env                          says what LD_PRELOAD is
 *
 * Every command is answered with a line when it is done.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ull
#define MAX_PIECES 16
#define MAX_THREADS 16

static char *pieces[MAX_PIECES];
static uint64_t piece_bytes, ram_bytes;
static int fd;
static atomic_int running;
static pthread_t threads[MAX_THREADS];

static void check(int ok, const char *what) {
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static uint64_t next(uint64_t *state) { /* splitmix64 */
    uint64_t z = (*state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static void store(uint64_t offset, uint64_t value) {
    *(volatile uint64_t *)(pieces[offset / piece_bytes] + offset % piece_bytes) = value;
}

static void write_random(uint64_t *state) {
    uint64_t offset = next(state) % (ram_bytes / 8) * 8;
    store(offset, next(state));
}

static void *writer(void *argument) {
    uint64_t state = (uint64_t)(uintptr_t)argument;
    while (atomic_load(&running)) {
        for (int i = 0; i < 64; i++) {
            write_random(&state);
        }
    }
    return NULL;
}

static void map_piece(uint64_t i, void *at) {
    int flags = MAP_SHARED | (at == NULL ? 0 : MAP_FIXED);
    pieces[i] = mmap(at, piece_bytes, PROT_READ | PROT_WRITE, flags, fd, (off_t)(i * piece_bytes));
    check(pieces[i] != MAP_FAILED, "mmap");
}

static int command(const char *line) {
    unsigned long long a, b, c, d;
    static int started;
    if (sscanf(line, "write %llu %llu", &a, &b) == 2) {
        uint64_t state = a;
        while (b-- > 0) {
            write_random(&state);
        }
    } else if (sscanf(line, "page %llu %llu %llu %llu", &a, &b, &c, &d) == 4) {
        uint64_t state = d;
        for (unsigned long long i = 0; i < b; i++) {
            store((a + i * c) * PAGE, next(&state));
        }
    } else if (sscanf(line, "start %llu %llu", &a, &b) == 2 && b <= MAX_THREADS) {
        atomic_store(&running, 1);
        for (started = 0; started < (int)b; started++) {
            check(pthread_create(&threads[started], NULL, writer, (void *)(uintptr_t)(a + (unsigned)started)) == 0, "thread");
        }
    } else if (strcmp(line, "stop\n") == 0) {
        atomic_store(&running, 0);
        while (started > 0) {
            pthread_join(threads[--started], NULL);
        }
    } else if (sscanf(line, "punch %llu %llu", &a, &b) == 2) {
        int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
        check(fallocate(fd, mode, (off_t)(a * PAGE), (off_t)(b * PAGE)) == 0, "punch");
    } else if (sscanf(line, "remove %llu %llu", &a, &b) == 2) {
        char *at = pieces[a * PAGE / piece_bytes] + a * PAGE % piece_bytes;
        check(madvise(at, b * PAGE, MADV_REMOVE) == 0, "remove");
    } else if (strcmp(line, "fork\n") == 0) {
        pid_t child = fork();
        check(child >= 0, "fork");
        if (child == 0) {
            _exit(0);
        }
        check(waitpid(child, NULL, 0) == child, "waitpid");
    } else if (strcmp(line, "remap\n") == 0) {
        map_piece(0, pieces[0]);
    } else if (strcmp(line, "env\n") == 0) {
        printf("preload=%s\n", getenv("LD_PRELOAD") == NULL ? "" : getenv("LD_PRELOAD"));
        return 0;
    } else {
        return -1;
    }
    printf("done\n");
    return 0;
}

int main(int argc, char **argv) {
    struct stat file;
    char line[256];
    check(argc == 3, "arguments");
    fd = open(argv[1], O_RDWR | O_CLOEXEC);
    check(fd >= 0 && fstat(fd, &file) == 0, argv[1]);
    uint64_t count = strtoull(argv[2], NULL, 10);
    check(count > 0 && count <= MAX_PIECES, "pieces");
    ram_bytes = (uint64_t)file.st_size;
    piece_bytes = ram_bytes / count;
    for (uint64_t i = 0; i < count; i++) {
        map_piece(i, NULL);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ready\n");
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (command(line) != 0) {
            printf("what? %s", line);
        }
    }
    return 0;
}
