/*
 * What the shim's parts share.
 *
 *   mirror_shim.c   the process' mappings, the dirty map, and the interposed functions
 *   wp_async.c      the kernel's side: userfaultfd WP_ASYNC and PAGEMAP_SCAN
 *   engine.c        the engine's side: socket and thread
 */
#ifndef MIRROR_SHIM_H
#define MIRROR_SHIM_H

#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define MAGIC 0x314d534cu /* "LSM1" */
#define VERSION 1u
#define OP_SCAN 1u

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

/* A run of written pages: addresses of the first byte and of the one after the last. Layout of the kernel's struct page_region. */
struct written {
    uint64_t start, end, categories;
};

/* wp_async.c: 0 or more is success, below 0 is -errno. */
int wp_open(uint32_t *step);
int wp_register(int uffd, void *addr, size_t length);
int wp_scan(int pagemap, uintptr_t *at, uintptr_t end, struct written *out, size_t out_len);
void *raw_mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset);
const char *step_text(uint32_t step);

/* engine.c */
void engine_connect(void);
void engine_start(struct hello *hello);
void engine_leave(void);

/* mirror_shim.c: called by the thread; fills status, step, and what was found. */
void shim_scan(struct answer *answer);

#endif
