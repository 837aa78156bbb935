/*
 * Traps, delegation, Sv39, memory attributes, PMP, interrupts, self-modifying code. Prints one line a case: cause, value, and what else matters. Machine
 * mode handles every trap that is not delegated, notes it, and goes on where `resume` says.
 */
#include "support.h"

UNEXPECTED

#define CSRR(name) ({ u64 v_; asm volatile("csrr %0, " #name : "=r"(v_)); v_; })
#define CSRW(name, v) asm volatile("csrw " #name ", %0" : : "r"((u64)(v)))
#define CSRS(name, v) asm volatile("csrs " #name ", %0" : : "r"((u64)(v)))
#define CSRC(name, v) asm volatile("csrc " #name ", %0" : : "r"((u64)(v)))

volatile u64 seen_cause, seen_value, seen_offset, seen_status, seen_level, resume;
u64 saved_sp;

void machine_trap(void);
void supervisor_trap(void);
u64 enter(u64 function, u64 argument, u64 mode);
asm(".globl machine_trap\n.balign 4\nmachine_trap:\n"
    " csrw mscratch, t0\n la t0, seen_cause\n sd t1, -8(sp)\n csrr t1, mcause\n sd t1, 0(t0)\n csrr t1, mtval\n la t0, seen_value\n sd t1, 0(t0)\n"
    " csrr t1, mepc\n la t0, seen_offset\n sd t1, 0(t0)\n csrr t1, mstatus\n la t0, seen_status\n sd t1, 0(t0)\n li t1, 3\n la t0, seen_level\n sd t1, 0(t0)\n"
    " li t1, 0x1800\n csrs mstatus, t1\n la t0, resume\n ld t1, 0(t0)\n csrw mepc, t1\n mret\n"
    ".globl supervisor_trap\n.balign 4\nsupervisor_trap:\n"
    " csrr t1, scause\n la t0, seen_cause\n sd t1, 0(t0)\n csrr t1, stval\n la t0, seen_value\n sd t1, 0(t0)\n csrr t1, sepc\n la t0, seen_offset\n sd t1, 0(t0)\n"
    " csrr t1, sstatus\n la t0, seen_status\n sd t1, 0(t0)\n li t1, 1\n la t0, seen_level\n sd t1, 0(t0)\n ecall\n"
    /* enter(function, argument, mode): calls function(argument) in that mode; comes back when it traps to machine mode. */
    ".globl enter\nenter:\n addi sp, sp, -112\n sd ra, 0(sp)\n sd s0, 8(sp)\n sd s1, 16(sp)\n sd s2, 24(sp)\n sd s3, 32(sp)\n sd s4, 40(sp)\n sd s5, 48(sp)\n"
    " sd s6, 56(sp)\n sd s7, 64(sp)\n sd s8, 72(sp)\n sd s9, 80(sp)\n sd s10, 88(sp)\n sd s11, 96(sp)\n la t0, saved_sp\n sd sp, 0(t0)\n"
    " la t0, 1f\n la t1, resume\n sd t0, 0(t1)\n li t0, 0x1888\n csrc mstatus, t0\n slli a2, a2, 11\n csrs mstatus, a2\n csrw mepc, a0\n mv a0, a1\n"
    " la ra, 2f\n addi sp, sp, -512\n mret\n2: ecall\n"
    "1: la t0, saved_sp\n ld sp, 0(t0)\n ld ra, 0(sp)\n ld s0, 8(sp)\n ld s1, 16(sp)\n ld s2, 24(sp)\n ld s3, 32(sp)\n ld s4, 40(sp)\n ld s5, 48(sp)\n"
    " ld s6, 56(sp)\n ld s7, 64(sp)\n ld s8, 72(sp)\n ld s9, 80(sp)\n ld s10, 88(sp)\n ld s11, 96(sp)\n addi sp, sp, 112\n ret\n");

static void line(const char *name, u64 from) {
    print(name);
    print(" level ");
    print_hex(seen_level);
    print(" cause ");
    print_hex(seen_cause);
    print(" value ");
    print_hex(seen_value);
    print(" offset ");
    print_hex(from ? seen_offset - from : 0);
    print(" status ");
    print_hex(seen_status & 0x7fffff);
    print("\n");
    seen_cause = seen_level = seen_value = 0x77;
}

#define CASE(name, function, argument, mode) { enter((u64)(function), (u64)(argument), (mode)); line(name, (u64)(function)); }
#define TRAPPING(name, body) __attribute__((naked)) static void name(void) { asm volatile(body "\n ret"); }

TRAPPING(do_nothing, "nop")
TRAPPING(do_illegal, ".word 0")
TRAPPING(do_illegal_wide, ".word 0xffffffff")
TRAPPING(do_break, "ebreak")
TRAPPING(do_break_wide, ".option push\n.option norvc\nebreak\n.option pop")
TRAPPING(do_load, "ld a0, 0(a0)")
TRAPPING(do_store, "sd a0, 0(a0)")
TRAPPING(do_jump, "jr a0")
TRAPPING(do_amo_misaligned, "addi a0, a0, 2\n amoadd.w a1, a1, (a0)")
TRAPPING(do_lr_misaligned, "addi a0, a0, 4\n lr.d a1, (a0)")
TRAPPING(do_mstatus, "csrr a0, mstatus")
TRAPPING(do_read_only, "csrw cycle, a0")
TRAPPING(do_none, "csrr a0, 0x5c0")
TRAPPING(do_satp, "csrr a0, satp")
TRAPPING(do_sret, "sret")
TRAPPING(do_wfi, "wfi")
TRAPPING(do_sfence, "sfence.vma")
TRAPPING(do_mret, "mret")
TRAPPING(do_cycle, "csrr a0, cycle")
TRAPPING(do_float, "fadd.d fa0, fa0, fa0")
TRAPPING(do_bad_mode, "csrwi frm, 5\n fadd.d fa0, fa0, fa0")
TRAPPING(do_loop, "1: j 1b")

static u64 root[512] __attribute__((aligned(4096))), middle[512] __attribute__((aligned(4096))), leaf[512] __attribute__((aligned(4096)));
static u64 page[1024] __attribute__((aligned(4096)));
static void (*const modes[])(void) = {do_mstatus, do_satp, do_sret, do_wfi, do_sfence, do_mret, do_cycle};

/* 0x40000000 + n pages: leaf entry n. Everything else as it is. */
static void map(int n, u64 where, u64 bits) { leaf[n] = where >> 12 << 10 | bits; asm volatile("sfence.vma"); }
static u64 at(int n) { return 0x40000000 + (u64)n * 4096; }

static void traps(void) {
    CASE("nothing, user", do_nothing, 0, 0)
    CASE("nothing, supervisor", do_nothing, 0, 1)
    CASE("nothing, machine", do_nothing, 0, 3)
    CASE("illegal", do_illegal, 0, 0)
    CASE("illegal, 4 bytes", do_illegal_wide, 0, 1)
    CASE("break", do_break, 0, 0)
    CASE("break, 4 bytes", do_break_wide, 0, 1)
    CASE("load from nowhere", do_load, 0x1000000, 0)
    CASE("store to nowhere", do_store, 0x1000000, 1)
    CASE("jump to nowhere", do_jump, 0x1000000, 3)
    CASE("misaligned atomic", do_amo_misaligned, page, 0)
    CASE("misaligned reserve", do_lr_misaligned, page, 0)
    CASE("read-only register", do_read_only, 0, 3)
    CASE("no such register", do_none, 0, 3)
    for (u64 mode = 0; mode < 2; mode++) {
        for (u64 i = 0; i < 7; i++) {
            if (mode == 1 && modes[i] == do_wfi) {
                continue; /* would sleep forever */
            }
            CASE(mode ? "privileged from supervisor" : "privileged from user", modes[i], 0, mode)
        }
    }
    CSRW(mcounteren, 7); CASE("cycle, supervisor may", do_cycle, 0, 1) CASE("cycle, user may not", do_cycle, 0, 0)
    CSRW(scounteren, 7); CASE("cycle, user may", do_cycle, 0, 0)
    CSRS(mstatus, 7 << 20);
    CASE("TVM satp", do_satp, 0, 1) CASE("TVM fence", do_sfence, 0, 1) CASE("TSR", do_sret, 0, 1) CASE("TW", do_wfi, 0, 1)
    CSRC(mstatus, 7 << 20);
    CSRC(mstatus, 0x6000); CASE("float off", do_float, 0, 0)
    CSRS(mstatus, 0x2000); CASE("float on", do_float, 0, 0)
    CASE("bad rounding mode", do_bad_mode, 0, 0) CSRW(frm, 0);
    CSRW(medeleg, 0xb1ff & ~0x200); CSRW(stvec, supervisor_trap);
    CASE("delegated from user", do_illegal, 0, 0) CASE("delegated break", do_break, 0, 1) CASE("not from machine", do_illegal, 0, 3)
    CSRW(medeleg, 0);
}

static void translation(void) {
    root[2] = 0x80000000 >> 12 << 10 | 0xcf; /* supervisor sees RAM where it is */
    root[0] = 0 >> 12 << 10 | 0xc7;
    root[1] = (u64)middle >> 12 << 10 | 1;
    middle[0] = (u64)leaf >> 12 << 10 | 1;
    CSRW(satp, 8ul << 60 | (u64)root >> 12);
    page[0] = 0x00008067; /* ret */
    map(0, (u64)page, 0xcf); CASE("load, supervisor page", do_load, at(0), 1) CASE("store, supervisor page", do_store, at(0) + 8, 1)
    CASE("jump, supervisor page", do_jump, at(0), 1)
    CASE("user code has no page", do_nothing, 0, 0)
    map(0, (u64)page, 0xdf); CASE("load, user page", do_load, at(0), 1)
    CSRS(mstatus, 1 << 18); CASE("load, user page, SUM", do_load, at(0), 1) CASE("jump, user page, SUM", do_jump, at(0), 1) CSRC(mstatus, 1 << 18);
    map(0, (u64)page, 0xc9); CASE("load, execute only", do_load, at(0), 1)
    CSRS(mstatus, 1 << 19); CASE("load, execute only, MXR", do_load, at(0), 1) CSRC(mstatus, 1 << 19);
    map(0, (u64)page, 0xc3); CASE("store, read only", do_store, at(0), 1) CASE("jump, no execute", do_jump, at(0), 1)
    map(0, (u64)page, 0xc5); CASE("load, reserved bits W", do_load, at(0), 1)
    map(0, (u64)page, 0xce); CASE("load, not valid", do_load, at(0), 1)
    map(0, (u64)page, 0xcf | 1ul << 60); CASE("load, reserved bit 60", do_load, at(0), 1)
    CASE("load, not canonical", do_load, 0x4000000000, 1) CASE("store, not canonical", do_store, 0x8000000000000000, 1)
    middle[1] = (u64)page >> 12 << 10 | 0xcf; CASE("misaligned superpage", do_load, 0x40200000, 1)
    middle[1] = 0x80000000 >> 12 << 10 | 0xcf; CASE("superpage", do_load, 0x40200000, 1)
    leaf[0] = (u64)page >> 12 << 10 | 0x0f; asm volatile("sfence.vma"); /* accessed and dirty bits are set by the machine */
    CASE("load sets A", do_load, at(0), 1) print_hex(leaf[0] & 0xff); print("\n");
    CASE("store sets D", do_store, at(0), 1) print_hex(leaf[0] & 0xff); print("\n");
    map(1, (u64)page, 0xcf); map(0, (u64)page, 0xcf); page[511] = 0x1122334455667788; page[0] = 0x99aabbccddeeff00;
    CSRS(mstatus, 1 << 17 | 1 << 11); /* machine mode loads as supervisor, across two pages */
    u64 value = *(volatile u64 *)(at(0) + 4092);
    CSRC(mstatus, 1 << 17);
    print_hex(value); print("\n");
    CSRW(satp, 0);
}

static void protection(void) {
    CSRW(pmpaddr0, (u64)page >> 2 | 0x1ff); CSRW(pmpaddr1, -1ul); CSRW(pmpcfg0, 0x1f18);
    CASE("protected page", do_load, page, 1) CASE("beside it", do_load, (u64)page + 4096, 1) CASE("machine may", do_load, page, 3)
    CSRW(pmpcfg0, 0x1f19); CASE("load, may read", do_load, page, 0) CASE("store, may read", do_store, page, 0)
    CSRW(pmpcfg0, 0x1f1f);
}

static void interrupts(void) {
    volatile u64 *compare = (volatile u64 *)0x2004000;
    *compare = 0;
    CSRW(mie, 1 << 7); CASE("timer, user", do_loop, 0, 0)
    *compare = -1ul;
    *(volatile u32 *)0x2000000 = 1;
    CSRW(mie, 1 << 3); CASE("software, user", do_loop, 0, 0)
    *(volatile u32 *)0x2000000 = 0;
    CSRW(mideleg, 0x222); CSRS(mip, 2); CSRW(mie, 2); CASE("delegated, user", do_loop, 0, 0)
    CSRS(mip, 0x20); CSRW(mie, 0x22); CASE("software before timer", do_loop, 0, 0)
    print_hex(CSRR(mip)); print("\n");
    CSRW(mip, 0); CSRW(mie, 0);
}

static u32 code[2] __attribute__((aligned(64))) = {0x00100513, 0x00008067}; /* li a0, 1; ret */
static void self_modifying(void) {
    u64 total = 0;
    for (u32 i = 0; i < 20; i++) {
        code[0] = 0x00000513 | i << 20;
        asm volatile("fence.i" ::: "memory");
        total = total * 3 + ((u64(*)(void))code)();
    }
    print_hex(total); print("\n");
}

static void reservations(void) {
    u64 r[4];
    asm volatile("lr.d t0, (%4)\n sc.d %0, t0, (%4)\n sc.d %1, t0, (%4)\n lr.w t0, (%4)\n sc.w %2, t0, (%5)\n lr.w t0, (%4)\n sc.w %3, t0, (%4)"
        : "=&r"(r[0]), "=&r"(r[1]), "=&r"(r[2]), "=&r"(r[3]) : "r"(page), "r"(page + 200) : "t0", "memory");
    for (int i = 0; i < 4; i++) { print_hex(r[i] != 0); print(" "); }
    print("\n");
}

int main(void) {
    CSRW(mtvec, machine_trap);
    CSRW(pmpaddr0, -1ul); CSRW(pmpcfg0, 0x1f);
    traps();
    translation();
    protection();
    interrupts();
    self_modifying();
    reservations();
    return 0;
}
