/* CPU-bound load: touches no memory beyond registers. One iteration is 1000 steps of a xorshift generator. */
#include "report.h"

int main(void)
{
    volatile uint64_t *count = report_start("cpuloop");
    uint64_t x = 88172645463325252ULL;
    for (;;) {
        for (int i = 0; i < 1000; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        *count += 1 + (x == 0);
        if (*count % 1024 == 0) {
            report_print("cpuloop", *count, now_ns());
        }
    }
}
