/*
 * Memory-bound load: memloop PAGES [PAGES_PER_SECOND]. Writes one word in each page of a working set, round after round, as fast as
 * it can or at the given rate (in bursts of 10 ms). The count is page writes.
 */
#include "report.h"

#define PAGE 4096ULL

int main(int argc, char **argv)
{
    uint64_t pages = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    uint64_t rate = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    if (pages == 0) {
        fprintf(stderr, "memloop: PAGES must be positive\n");
        return 2;
    }
    char *set = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (set == MAP_FAILED) {
        perror("memloop: mmap");
        return 1;
    }
    volatile uint64_t *count = report_start("memloop");
    uint64_t start = now_ns();
    for (uint64_t n = 0;; n++) {
        uint64_t page = n % pages;
        *(volatile uint64_t *)(set + page * PAGE + (n / pages * 64) % PAGE) = n;
        *count = n + 1;
        if (n % 64 != 0) {
            continue;
        }
        uint64_t now = now_ns();
        while (rate != 0 && n > (now - start) / 1000 * rate / 1000000) {
            usleep(10000);
            now = now_ns();
        }
        report_print("memloop", n, now);
    }
}
