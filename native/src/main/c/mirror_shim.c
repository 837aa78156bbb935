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
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* Kernel 6.7 and later; the headers of older distributions lack them. */
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM (1 << 12)
#endif
#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif
#ifndef PAGEMAP_SCAN
#define PAGE_IS_WRITTEN (1 << 1)
#define PM_SCAN_WP_MATCHING (1 << 0)
#define PM_SCAN_CHECK_WPASYNC (1 << 1)
struct page_region {
    uint64_t start, end, categories;
};
struct pm_scan_arg {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)
#endif

#define EXPORT __attribute__((visibility("default")))
#define MAGIC 0x314d534cu /* "LSM1" */
#define VERSION 1u
#define OP_SCAN 1u
#define PAGE_SHIFT 12
#define MAX_REGIONS 64
#define VEC_LEN 4096

enum step {
    STEP_NONE,
    STEP_USERFAULTFD,
    STEP_UFFD_API,
    STEP_UFFD_REGISTER,
    STEP_PAGEMAP_OPEN,
    STEP_PAGEMAP_SCAN,
    STEP_DIRTY_MAP,
    STEP_MAPPINGS,
    STEP_REQUEST
};

struct hello {
    uint32_t magic, version;
    int32_t status;
    uint32_t step;
    int64_t pid;
    uint64_t tracked_bytes;
    char text[224];
};

struct request {
    uint32_t magic, op;
    uint64_t sequence;
};

struct answer {
    uint32_t magic;
    int32_t status;
    uint32_t step, mappings;
    uint64_t sequence, pages, tracked_bytes;
};

_Static_assert(sizeof(struct hello) == 256, "hello is 256 bytes on the wire");
_Static_assert(sizeof(struct request) == 16, "request is 16 bytes on the wire");
_Static_assert(sizeof(struct answer) == 40, "answer is 40 bytes on the wire");

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
static int sock = -1, uffd = -1, pagemap = -1;
static uint64_t *dirty_map;
static uint64_t dirty_pages;  /* that the map has room for */
static uint64_t *given_back; /* like the map: pages that changed without a write since the last scan */
static uint64_t given_back_first, given_back_end; /* words of it that may be set */
static struct page_region vec[VEC_LEN];

static void die(const char *why) {
    dprintf(STDERR_FILENO, "mirror shim: %s; ending the guest\n", why);
    kill(getpid(), SIGKILL);
    _exit(137); /* process 1 of a container is deaf to its own SIGKILL */
}

static void *raw_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset) {
    return (void *)syscall(SYS_mmap, addr, length, prot, flags, fd, offset);
}

static int fail(uint32_t step, int status) {
    if (failed_status == 0) {
        failed_status = status;
        failed_step = step;
    }
    return status;
}

/* ---- kernel facility ---------------------------------------------------------------------------------------------------- */

static int open_uffd(uint32_t *step) {
    *step = STEP_USERFAULTFD;
    int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
    if (fd < 0) {
        return -errno;
    }
    *step = STEP_UFFD_API;
    struct uffdio_api api = {
        .api = UFFD_API,
        .features = UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_HUGETLBFS_SHMEM,
    };
    if (ioctl(fd, UFFDIO_API, &api) != 0) {
        int status = -errno;
        close(fd);
        return status;
    }
    return fd;
}

static int register_range(int fd, void *addr, size_t length) {
    struct uffdio_register arg = {
        .range = {.start = (uintptr_t)addr, .len = length},
        .mode = UFFDIO_REGISTER_MODE_WP,
    };
    return ioctl(fd, UFFDIO_REGISTER, &arg) == 0 ? 0 : -errno;
}

/* Collects written pages of [*at, end) into `out` and re-protects them; moves *at to where the next call must go on. */
static int scan_step(int fd, uintptr_t *at, uintptr_t end, struct page_region *out, size_t out_len) {
    struct pm_scan_arg arg = {
        .size = sizeof arg,
        .flags = PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC,
        .start = *at,
        .end = end,
        .vec = (uintptr_t)out,
        .vec_len = out_len,
        .category_mask = PAGE_IS_WRITTEN,
        .return_mask = PAGE_IS_WRITTEN,
    };
    int count = ioctl(fd, PAGEMAP_SCAN, &arg);
    if (count < 0) {
        return -errno;
    }
    if (arg.walk_end <= *at || arg.walk_end > end) {
        return -EIO; /* no progress: better an error than a loop */
    }
    *at = arg.walk_end;
    return count;
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
        int count = scan_step(pagemap, &at, region->end, vec, VEC_LEN);
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

static void scan(struct answer *answer) {
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

/* ---- engine ------------------------------------------------------------------------------------------------------------- */

static const char *step_text(uint32_t step) {
    switch (step) {
    case STEP_NONE: return "tracking";
    case STEP_USERFAULTFD: return "userfaultfd(UFFD_USER_MODE_ONLY)";
    case STEP_UFFD_API: return "UFFDIO_API with WP_ASYNC (needs kernel 6.7 or later)";
    case STEP_UFFD_REGISTER: return "UFFDIO_REGISTER of guest RAM for write protection";
    case STEP_PAGEMAP_OPEN: return "open of /proc/self/pagemap";
    case STEP_PAGEMAP_SCAN: return "PAGEMAP_SCAN (needs kernel 6.7 or later)";
    case STEP_DIRTY_MAP: return "mapping of the dirty map";
    case STEP_MAPPINGS: return "bookkeeping of guest RAM mappings";
    default: return "reading a request";
    }
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
            scan(&answer);
        }
        send_all(&answer, sizeof answer);
    }
    return NULL;
}

static void connect_engine(void) {
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
    uffd = open_uffd(&step);
    if (uffd < 0) {
        fail(step, uffd);
    }
    pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (pagemap < 0) {
        fail(STEP_PAGEMAP_OPEN, -errno);
    }
}

static void say_hello(void) {
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
    send_all(&hello, sizeof hello);
}

/* The thread must not take signals that QEMU's own threads wait for. */
static void start_thread(void) {
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

/* ---- fork: a child has neither the thread nor the tracking, and must not keep the engine's socket open -------------------- */

static void before_fork(void) {
    pthread_mutex_lock(&lock);
}

static void after_fork_in_parent(void) {
    pthread_mutex_unlock(&lock);
}

static void after_fork_in_child(void) {
    close(sock);
    if (uffd >= 0) {
        close(uffd);
    }
    if (pagemap >= 0) {
        close(pagemap);
    }
    sock = uffd = pagemap = -1;
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
    int status = register_range(uffd, (void *)start, length);
    if (status != 0) {
        fail(STEP_UFFD_REGISTER, status);
        return;
    }
    struct region region = {start, start + length, file_offset};
    uintptr_t at = start;
    while (at < region.end) { /* arms what is populated; nobody can have written yet, the address is not known to anybody */
        int count = scan_step(pagemap, &at, region.end, vec, VEC_LEN);
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
        connect_engine();
        open_tracking();
        pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
        unsetenv("LD_PRELOAD");
    }
    forget_overlaps(start, start + length);
    if (failed_status == 0) {
        add_region(start, length, file_offset);
    }
    if (first) {
        say_hello();
        start_thread();
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

/* ---- probe -------------------------------------------------------------------------------------------------------------- */

static int probe_pages(int fd, int pagemap_fd, volatile char *memory, size_t length, uint32_t *step) {
    *step = STEP_UFFD_REGISTER;
    int status = register_range(fd, (void *)memory, length);
    if (status != 0) {
        return status;
    }
    *step = STEP_PAGEMAP_SCAN;
    struct page_region out[2];
    for (int round = 0; round < 2; round++) {
        uintptr_t at = (uintptr_t)memory;
        memory[length / 2] = 1;
        int count = scan_step(pagemap_fd, &at, (uintptr_t)memory + length, out, 2);
        if (count < 0) {
            return count;
        }
        if (round == 1 && (count != 1 || out[0].start != (uintptr_t)memory + length / 2)) {
            return -ENOTSUP;
        }
    }
    return 0;
}

/*
 * Does the whole cycle on a few pages of this process. Returns 0 or -errno, and says in `text` what failed. For the engine,
 * which loads this library only to call this.
 */
EXPORT int mirror_shim_probe(char *text, size_t text_length) {
    size_t length = 16 * (size_t)sysconf(_SC_PAGESIZE);
    uint32_t step;
    int status = open_uffd(&step);
    int fd = status;
    int pagemap_fd = -1;
    int memory_fd = -1;
    if (fd >= 0) {
        step = STEP_PAGEMAP_OPEN;
        pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
        memory_fd = memfd_create("mirror-probe", MFD_CLOEXEC);
        status = pagemap_fd < 0 || memory_fd < 0 || ftruncate(memory_fd, (off_t)length) != 0 ? -errno : 0;
    }
    if (status == 0) {
        void *memory = raw_mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
        status = memory == MAP_FAILED ? -errno : probe_pages(fd, pagemap_fd, memory, length, &step);
        if (memory != MAP_FAILED) {
            syscall(SYS_munmap, memory, length);
        }
    }
    int fds[] = {fd, pagemap_fd, memory_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    snprintf(text, text_length, "%s%s%s", status == 0 ? "" : step_text(step), status == 0 ? "" : ": ",
             status == 0 ? "" : strerror(-status));
    return status;
}
