/* What the bare-metal programs share: the console and numbers. */
#ifndef SUPPORT_H
#define SUPPORT_H
#include <stdint.h>

typedef uint64_t u64;
typedef uint32_t u32;

static inline void put(char c) { *(volatile uint8_t *)0x10000000 = (uint8_t)c; }

static inline void print(const char *text) {
    while (*text) {
        put(*text++);
    }
}

static inline void print_hex(u64 value) {
    for (int shift = 60; shift >= 0; shift -= 4) {
        put("0123456789abcdef"[(value >> shift) & 15]);
    }
}

/* Called from start.S when something traps that should not. */
void unexpected(u64 cause, u64 where, u64 value);
#define UNEXPECTED                                                                                                     \
    void unexpected(u64 cause, u64 where, u64 value) {                                                                 \
        print("\nunexpected trap, cause ");                                                                            \
        print_hex(cause);                                                                                              \
        print(" at ");                                                                                                 \
        print_hex(where);                                                                                              \
        print(" value ");                                                                                              \
        print_hex(value);                                                                                              \
        print("\n");                                                                                                   \
    }
#endif
