/*
 * LD_PRELOAD shim for a stock QEMU: tells the engine which pages of guest RAM this process wrote.
 *
 *   QEMU threads --write--> guest RAM (MAP_SHARED file, userfaultfd WP_ASYNC)
 *                               ^ PAGEMAP_SCAN: collect and re-protect in one step
 *   engine --unix socket--> shim thread --bitmap--> dirty map (shared file) --> engine
 *
 * Nothing happens until the process maps the file named by MIRROR_RAM, shared and writable. That call registers the mapping
 * before it returns, connects to MIRROR_SHIM_SOCKET, and starts the thread; so wrappers that exec QEMU pass the environment on,
 * and a helper that never maps guest RAM never talks to the engine. From then on the process lives no longer than the engine:
 * when the socket closes it kills itself, tracking or not.
 *
 * Wire format, host byte order, one answer per request, in order (its twin is ShimProtocol.java):
 *
 *   hello, shim -> engine, once    request, engine -> shim      answer, shim -> engine
 *   +---------------------+ 0      +---------------------+ 0    +---------------------+ 0
 *   | u32 magic           |        | u32 magic           |      | u32 magic           |
 *   | u32 version         | 4      | u32 op (1 = scan)   | 4    | i32 status, -errno  | 4
 *   | i32 status, -errno  | 8      | u64 sequence        | 8    | u32 step that failed| 8
 *   | u32 step that failed| 12     +---------------------+ 16   | u32 mappings        | 12
 *   | i64 pid             | 16                                  | u64 sequence        | 16
 *   | u64 bytes tracked   | 24                                  | u64 pages in map    | 24
 *   | char text[224]      | 32                                  | u64 bytes tracked   | 32
 *   +---------------------+ 256                                 +---------------------+ 40
 *
 * The dirty map has one bit per 4 KiB page of the RAM file (bit i of word w is page 64 w + i). The shim writes it only between
 * a request and its answer; the engine reads and clears it only between an answer and its next request.
 */
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_SHIFT 12
#define MAX_REGIONS 64
#define VEC_LEN 4096

struct region {
    uintptr_t start, end;
    uint64_t file_offset;
};

/* Everything below is guarded by `lock`; `region_count` is also read without it, as a hint. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct region regions[MAX_REGIONS];
static int region_count;
static int connected;
static int all_dirty;
static int failed_status;
static uint32_t failed_step;
static dev_t ram_dev;
static ino_t ram_ino;
static int uffd = -1, pagemap = -1;
static uint64_t *dirty_map;
static uint64_t dirty_pages; /* that the map has room for */
static uint64_t *given_back; /* like the map: pages that changed without a write since the last scan */
static uint64_t given_back_first, given_back_end; /* words of it that may be set */
static struct written vec[VEC_LEN];

/* The first failure stays: the engine falls back, or treats every page as written. */
static void fail(uint32_t step, int status) {
    if (failed_status == 0) {
        failed_status = status;
        failed_step = step;
    }
}

/* ---- dirty map ---------------------------------------------------------------------------------------------------------- */

/* Sets bits [first, end) of a map and returns how many of them were clear. */
static uint64_t set_bits(uint64_t *map, uint64_t first, uint64_t end) {
    uint64_t added = 0;
    while (first < end) {
        uint64_t word_end = (first | 63) + 1;
        uint64_t stop = end < word_end ? end : word_end;
        uint64_t mask = (stop - first == 64 ? ~0ull : (1ull << (stop - first)) - 1) << (first & 63);
        uint64_t before = map[first >> 6];
        map[first >> 6] = before | mask;
        added += (uint64_t)__builtin_popcountll(mask & ~before);
        first = stop;
    }
    return added;
}

static uint64_t publish_given_back(void) {
    uint64_t added = 0;
    for (uint64_t word = given_back_first; word < given_back_end; word++) {
        added += (uint64_t)__builtin_popcountll(given_back[word] & ~dirty_map[word]);
        dirty_map[word] |= given_back[word];
        given_back[word] = 0;
    }
    given_back_first = given_back_end = 0;
    return added;
}

static int scan_region(const struct region *region, uint64_t *pages) {
    uintptr_t at = region->start;
    while (at < region->end) {
        int count = wp_scan(pagemap, &at, region->end, vec, VEC_LEN);
        if (count < 0) {
            return count;
        }
        for (int i = 0; i < count; i++) {
            uint64_t first = (vec[i].start - region->start + region->file_offset) >> PAGE_SHIFT;
            uint64_t end = (vec[i].end - region->start + region->file_offset) >> PAGE_SHIFT;
            *pages += set_bits(dirty_map, first, end);
        }
    }
    return 0;
}

static uint64_t tracked_bytes(void) {
    uint64_t sum = 0;
    for (int i = 0; i < region_count; i++) {
        sum += regions[i].end - regions[i].start;
    }
    return sum;
}

void shim_scan(struct answer *answer) {
    pthread_mutex_lock(&lock);
    if (failed_status == 0) {
        if (all_dirty) {
            answer->pages += set_bits(dirty_map, 0, dirty_pages);
            all_dirty = 0;
        }
        answer->pages += publish_given_back();
        for (int i = 0; i < region_count; i++) {
            int status = scan_region(&regions[i], &answer->pages);
            if (status != 0) {
                fail(STEP_PAGEMAP_SCAN, status); /* re-protected pages may be unpublished: the count is lost for good */
                break;
            }
        }
    }
    answer->status = failed_status;
    answer->step = failed_step;
    answer->mappings = (uint32_t)region_count;
    answer->tracked_bytes = tracked_bytes();
    pthread_mutex_unlock(&lock);
    __atomic_thread_fence(__ATOMIC_RELEASE); /* the map before the answer */
}

/* ---- start -------------------------------------------------------------------------------------------------------------- */

static void open_dirty_map(void) {
    const char *ram = getenv("MIRROR_RAM");
    const char *path = getenv("MIRROR_DIRTY_MAP");
    struct stat ram_stat, map_stat;
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (path == NULL) {
        fail(STEP_DIRTY_MAP, -EINVAL);
    } else if (fd < 0 || fstat(fd, &map_stat) != 0 || stat(ram, &ram_stat) != 0) {
        fail(STEP_DIRTY_MAP, -errno);
    } else {
        dirty_pages = (uint64_t)ram_stat.st_size >> PAGE_SHIFT;
        if ((uint64_t)map_stat.st_size < (dirty_pages + 63) / 64 * 8 || dirty_pages == 0) {
            fail(STEP_DIRTY_MAP, -EOVERFLOW);
        } else {
            size_t length = (size_t)map_stat.st_size;
            void *map = raw_mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
            void *twin = raw_mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (map == MAP_FAILED || twin == MAP_FAILED) {
                fail(STEP_DIRTY_MAP, -errno);
            } else {
                dirty_map = map;
                given_back = twin;
            }
        }
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void open_tracking(void) {
    open_dirty_map();
    uint32_t step;
    uffd = wp_open(&step);
    if (uffd < 0) {
        fail(step, uffd);
    }
    pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (pagemap < 0) {
        fail(STEP_PAGEMAP_OPEN, -errno);
    }
}

static void start_engine(void) {
    struct hello hello = {
        .magic = MAGIC,
        .version = VERSION,
        .status = failed_status,
        .step = failed_step,
        .pid = getpid(),
        .tracked_bytes = tracked_bytes(),
    };
    snprintf(hello.text, sizeof hello.text, "%s%s%s", step_text(failed_step), failed_status == 0 ? "" : ": ",
             failed_status == 0 ? "" : strerror(-failed_status));
    engine_start(&hello);
}

/* ---- fork: a child has neither the thread nor the tracking, and must not keep the engine's socket open -------------------- */

static void before_fork(void) {
    pthread_mutex_lock(&lock);
}

static void after_fork_in_parent(void) {
    pthread_mutex_unlock(&lock);
}

static void after_fork_in_child(void) {
    engine_leave();
    if (uffd >= 0) {
        close(uffd);
    }
    if (pagemap >= 0) {
        close(pagemap);
    }
    uffd = pagemap = -1;
    region_count = 0;
    pthread_mutex_unlock(&lock);
}

/* ---- mappings ----------------------------------------------------------------------------------------------------------- */

/* Forgets mappings that overlap [start, end). What was written through them since the last scan is not known any more. */
static void forget_overlaps(uintptr_t start, uintptr_t end) {
    for (int i = 0; i < region_count;) {
        if (regions[i].start < end && start < regions[i].end) {
            regions[i] = regions[region_count - 1];
            __atomic_store_n(&region_count, region_count - 1, __ATOMIC_RELEASE);
            all_dirty = 1;
        } else {
            i++;
        }
    }
}

static void add_region(uintptr_t start, size_t length, uint64_t file_offset) {
    if (file_offset > dirty_pages << PAGE_SHIFT || length > (dirty_pages << PAGE_SHIFT) - file_offset) {
        fail(STEP_MAPPINGS, -EOVERFLOW);
        return;
    }
    if (region_count == MAX_REGIONS) {
        fail(STEP_MAPPINGS, -ENOSPC);
        return;
    }
    int status = wp_register(uffd, (void *)start, length);
    if (status != 0) {
        fail(STEP_UFFD_REGISTER, status);
        return;
    }
    struct region region = {start, start + length, file_offset};
    uintptr_t at = start;
    while (at < region.end) { /* arms what is populated; nobody can have written yet, the address is not known to anybody */
        int count = wp_scan(pagemap, &at, region.end, vec, VEC_LEN);
        if (count < 0) {
            fail(STEP_PAGEMAP_SCAN, count);
            return;
        }
    }
    regions[region_count] = region;
    __atomic_store_n(&region_count, region_count + 1, __ATOMIC_RELEASE);
}

static void track(uintptr_t start, size_t length, uint64_t file_offset) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    length = (length + page - 1) & ~(page - 1);
    pthread_mutex_lock(&lock);
    int first = !connected;
    if (first) {
        connected = 1;
        engine_connect();
        open_tracking();
        pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
        unsetenv("LD_PRELOAD");
    }
    forget_overlaps(start, start + length);
    if (failed_status == 0) {
        add_region(start, length, file_offset);
    }
    if (first) {
        start_engine();
    }
    pthread_mutex_unlock(&lock);
}

static int is_guest_ram(int fd) {
    struct stat file, ram;
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
        return 0;
    }
    if (__atomic_load_n(&ram_ino, __ATOMIC_ACQUIRE) == 0) { /* never resets: an inode number of 0 does not exist */
        const char *path = getenv("MIRROR_RAM");
        if (path == NULL || stat(path, &ram) != 0 || ram.st_dev != file.st_dev || ram.st_ino != file.st_ino) {
            return 0;
        }
        ram_dev = ram.st_dev;
        __atomic_store_n(&ram_ino, ram.st_ino, __ATOMIC_RELEASE);
        return 1;
    }
    return file.st_dev == ram_dev && file.st_ino == ram_ino;
}

static void untrack(void *addr, size_t length) {
    if (__atomic_load_n(&region_count, __ATOMIC_ACQUIRE) > 0 && length > 0) {
        pthread_mutex_lock(&lock);
        forget_overlaps((uintptr_t)addr, (uintptr_t)addr + length);
        pthread_mutex_unlock(&lock);
    }
}

/*
 * A hole punched into the file (a balloon, free page reporting) changes pages without a write, and the kernel keeps their
 * protection: a scan does not show them. Called after the hole is there.
 */
static void note_given_back(uint64_t offset, uint64_t length) {
    pthread_mutex_lock(&lock);
    if (given_back != NULL && length > 0 && offset >> PAGE_SHIFT < dirty_pages) {
        uint64_t limit = dirty_pages << PAGE_SHIFT;
        uint64_t last = length > limit - offset ? limit - 1 : offset + length - 1;
        uint64_t first_page = offset >> PAGE_SHIFT, end_page = (last >> PAGE_SHIFT) + 1;
        set_bits(given_back, first_page, end_page);
        uint64_t first = first_page >> 6, end = ((end_page - 1) >> 6) + 1;
        given_back_first = given_back_end == 0 || first < given_back_first ? first : given_back_first;
        given_back_end = end > given_back_end ? end : given_back_end;
    }
    pthread_mutex_unlock(&lock);
}

static void note_removed(uintptr_t start, size_t length) {
    pthread_mutex_lock(&lock);
    int count = region_count;
    struct region copy[MAX_REGIONS];
    memcpy(copy, regions, sizeof copy);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < count; i++) {
        uintptr_t first = start > copy[i].start ? start : copy[i].start;
        uintptr_t end = start + length < copy[i].end ? start + length : copy[i].end;
        if (first < end) {
            note_given_back(first - copy[i].start + copy[i].file_offset, end - first);
        }
    }
}

/* ---- what the process sees instead of the C library's ------------------------------------------------------------------- */

EXPORT void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset) {
    void *result = raw_mmap(addr, length, prot, flags, fd, offset);
    if (result == MAP_FAILED) {
        return result;
    }
    int saved = errno;
    int type = flags & MAP_TYPE;
    int shared_file = (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) && (flags & MAP_ANONYMOUS) == 0;
    if (shared_file && (prot & PROT_WRITE) && is_guest_ram(fd)) {
        track((uintptr_t)result, length, (uint64_t)offset);
    } else if (flags & MAP_FIXED) {
        untrack(result, length);
    }
    errno = saved;
    return result;
}

EXPORT void *mmap64(void *addr, size_t length, int prot, int flags, int fd, off_t offset) __attribute__((alias("mmap")));

EXPORT int munmap(void *addr, size_t length) {
    untrack(addr, length);
    return (int)syscall(SYS_munmap, addr, length);
}

EXPORT void *mremap(void *old, size_t old_length, size_t new_length, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    void *target = flags & MREMAP_FIXED ? va_arg(arguments, void *) : NULL;
    va_end(arguments);
    untrack(old, old_length);
    return (void *)syscall(SYS_mremap, old, old_length, new_length, flags, target);
}

EXPORT int fallocate(int fd, int mode, off_t offset, off_t length) {
    int result = (int)syscall(SYS_fallocate, fd, mode, offset, length);
    if (result == 0 && mode != 0 && __atomic_load_n(&region_count, __ATOMIC_ACQUIRE) > 0) {
        int saved = errno;
        if (is_guest_ram(fd)) {
            note_given_back((uint64_t)offset, (uint64_t)length);
        }
        errno = saved;
    }
    return result;
}

EXPORT int fallocate64(int fd, int mode, off_t offset, off_t length) __attribute__((alias("fallocate")));

EXPORT int madvise(void *addr, size_t length, int advice) {
    int result = (int)syscall(SYS_madvise, addr, length, advice);
    if (result == 0 && advice == MADV_REMOVE && __atomic_load_n(&region_count, __ATOMIC_ACQUIRE) > 0) {
        note_removed((uintptr_t)addr, length);
    }
    return result;
}
