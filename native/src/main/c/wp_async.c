/* The kernel's side of the shim: asynchronous write protection, and collecting written pages. */
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
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

_Static_assert(sizeof(struct written) == sizeof(struct page_region), "what the kernel writes");

const char *step_text(uint32_t step) {
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

void *raw_mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset) {
    return (void *)syscall(SYS_mmap, addr, length, prot, flags, fd, offset);
}

int wp_open(uint32_t *step) {
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

int wp_register(int uffd, void *addr, size_t length) {
    struct uffdio_register arg = {
        .range = {.start = (uintptr_t)addr, .len = length},
        .mode = UFFDIO_REGISTER_MODE_WP,
    };
    return ioctl(uffd, UFFDIO_REGISTER, &arg) == 0 ? 0 : -errno;
}

/* Collects written pages of [*at, end) into `out` and re-protects them; moves *at to where the next call must go on. */
int wp_scan(int pagemap, uintptr_t *at, uintptr_t end, struct written *out, size_t out_len) {
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
    int count = ioctl(pagemap, PAGEMAP_SCAN, &arg);
    if (count < 0) {
        return -errno;
    }
    if (arg.walk_end <= *at || arg.walk_end > end) {
        return -EIO; /* no progress: better an error than a loop */
    }
    *at = arg.walk_end;
    return count;
}

static int probe_pages(int fd, int pagemap_fd, volatile char *memory, size_t length, uint32_t *step) {
    *step = STEP_UFFD_REGISTER;
    int status = wp_register(fd, (void *)memory, length);
    if (status != 0) {
        return status;
    }
    *step = STEP_PAGEMAP_SCAN;
    struct written out[2];
    for (int round = 0; round < 2; round++) {
        uintptr_t at = (uintptr_t)memory;
        memory[length / 2] = 1;
        int count = wp_scan(pagemap_fd, &at, (uintptr_t)memory + length, out, 2);
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
    int status = wp_open(&step);
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
