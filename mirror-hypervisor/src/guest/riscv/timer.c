/* Timer interrupts that the guest moves nearer after it has set them far away; the sum depends on where exactly each one came. */
#include "support.h"

UNEXPECTED

static volatile u64 *const compare = (volatile u64 *)0x2004000;
static volatile u64 *const now = (volatile u64 *)0x200bff8;
volatile u64 ticks, sum, spins;

__attribute__((interrupt)) void tick(void) {
    ticks++;
    sum = sum * 31 + spins;
    *compare = *now + 100000;
}

int main(void) {
    asm volatile("csrw mtvec, %0\n csrs mie, %1\n csrsi mstatus, 8" : : "r"(tick), "r"(1 << 7));
    for (u64 i = 1; i <= 200; i++) {
        *compare = *now + 100000;
        *compare = *now + i % 37;
        while (ticks < i) {
            spins++;
        }
    }
    print_hex(sum);
    print("\n");
    return 0;
}
