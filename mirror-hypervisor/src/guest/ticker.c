/* Prints a line with a growing number, ten a second: whoever reads the console sees whether the guest went on, and from where. */
#include "report.h"

int main(void)
{
    volatile uint64_t *count = report_start("ticker");
    for (;;) {
        *count += 1;
        printf("tick %llu\n", (unsigned long long)*count);
        fflush(stdout);
        usleep(100000);
    }
}
