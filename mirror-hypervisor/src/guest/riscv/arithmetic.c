/*
 * Every instruction of I, M, A, F, D on seeded operands, many of them special values. Prints one checksum an instruction (results and flags): the
 * output must be the same on every correct RV64GC machine.
 */
#include "support.h"

#define ROUNDS 3000

UNEXPECTED

static u64 seed = 0x243f6a8885a308d3;

static u64 random64(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static const u64 integers[] = {0, 1, 2, 3, 7, 8, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
    0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 0xfffffffffffffffe, 0xffffffff80000000, 0xffffffff7fffffff};
static const u64 doubles[] = {0, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
    0x7ff0000000000001, 0xfff8000000000123, 1, 0x8000000000000001, 0x000fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff, 0xffefffffffffffff,
    0x3fe0000000000000, 0x3ff8000000000000, 0x4004000000000000, 0xc004000000000000, 0x41dfffffffc00000, 0x41e0000000000000, 0x43e0000000000000,
    0x43f0000000000000, 0xc3e0000000000000, 0x3cb0000000000000, 0x3ca0000000000000, 0x3fefffffffffffff, 0x47efffffe0000000, 0x47effffff0000000,
    0x380fffffc0000000, 0x36a0000000000000, 0x3690000000000000, 0x0020000000000001};
static const u32 singles[] = {0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffc00123, 1, 0x80000001, 0x007fffff,
    0x00800000, 0x7f7fffff, 0xff7fffff, 0x3f000000, 0x3fc00000, 0x40200000, 0xc0200000, 0x4effffff, 0x4f000000, 0x5f000000, 0x5f800000, 0xdf000000, 0x34000000,
    0x33800000, 0x3f7fffff, 0x01000001};

#define COUNT(a) (sizeof(a) / sizeof(a[0]))

static u64 integer(void) {
    u64 r = random64();
    switch (r & 3) {
        case 0: return integers[(r >> 8) % COUNT(integers)];
        case 1: return random64() >> ((r >> 8) & 63);
        default: return random64();
    }
}

/* Random exponents near each other, so that sums cancel and products leave the range now and then. */
static u64 real64(void) {
    u64 r = random64();
    switch (r & 7) {
        case 0: case 1: return doubles[(r >> 8) % COUNT(doubles)];
        case 2: return random64();
        case 3: return (random64() & 0x800fffffffffffff) | ((r >> 8) % 3) << 52;
        case 4: return (random64() & 0x800fffffffffffff) | (0x7fd + (r >> 8) % 2) << 52;
        case 5: return (random64() & 0x80000000000fffff) | (0x3f0 + (r >> 8) % 32) << 52;
        default: return (random64() & 0x800fffffffffffff) | (0x3c0 + (r >> 8) % 128) << 52;
    }
}

static u64 real32(void) {
    u64 r = random64();
    u64 box = (r & 0xf00) == 0 ? 0 : 0xffffffff00000000; /* sometimes not a boxed single */
    u64 x = random64() & 0xffffffff;
    switch (r & 7) {
        case 0: case 1: x = singles[(r >> 12) % COUNT(singles)]; break;
        case 2: break;
        case 3: x = (x & 0x807fffff) | ((r >> 12) % 3) << 23; break;
        case 4: x = (x & 0x807fffff) | (0xfd + (r >> 12) % 2) << 23; break;
        case 5: x = (x & 0x800003ff) | (0x70 + (r >> 12) % 32) << 23; break;
        default: x = (x & 0x807fffff) | (0x60 + (r >> 12) % 64) << 23; break;
    }
    return box | x;
}

static u64 sum;
static void add(u64 value) { sum = (sum ^ value) * 0x9e3779b97f4a7c15; sum ^= sum >> 29; }
static void begin(void) { sum = 0; }
static void end(const char *name) { print_hex(sum); print(" "); print(name); print("\n"); }

#define R2(op) { begin(); for (int i = 0; i < ROUNDS; i++) { u64 r, a = integer(), b = integer(); asm volatile(#op " %0, %1, %2" : "=r"(r) : "r"(a), "r"(b)); add(r); } end(#op); }
#define RI(op, imm) { begin(); for (int i = 0; i < ROUNDS; i++) { u64 r, a = integer(); asm volatile(#op " %0, %1, " #imm : "=r"(r) : "r"(a)); add(r); } end(#op " " #imm); }
#define BR(op) { begin(); for (int i = 0; i < ROUNDS; i++) { u64 r, a = integer(), b = (random64() & 7) ? integer() : a; asm volatile("li %0, 1\n " #op " %1, %2, 1f\n li %0, 2\n1:" : "=&r"(r) : "r"(a), "r"(b)); add(r); } end(#op); }
#define AM(op, t) { begin(); for (int i = 0; i < ROUNDS; i++) { u64 r, a = integer(); volatile u64 m = integer(); asm volatile(#op "." #t " %0, %1, (%2)" : "=r"(r) : "r"(a), "r"(&m) : "memory"); add(r); add(m); } end(#op "." #t); }
#define LOAD(op, off) { begin(); for (int i = 0; i < ROUNDS; i++) { u64 r; u64 m[2] = {random64(), random64()}; asm volatile(#op " %0, " #off "(%1)" : "=r"(r) : "r"(m) : "memory"); add(r); } end(#op " " #off); }
#define STORE(op, off) { begin(); for (int i = 0; i < ROUNDS; i++) { u64 a = random64(); u64 m[2] = {1, 2}; asm volatile(#op " %0, " #off "(%1)" : : "r"(a), "r"(m) : "memory"); add(m[0]); add(m[1]); } end(#op " " #off); }

static void flags(void) { u64 f; asm volatile("csrrw %0, fflags, zero" : "=r"(f)); add(f); }
/* Sometimes the flags of before stay, so that the way with the sticky flag set is taken, too. */
static void mode(int i) { asm volatile("csrw frm, %0" : : "r"(i % 7 < 5 ? i % 7 : 0)); if (i % 3 == 0) { asm volatile("csrwi fflags, 1"); } else { asm volatile("csrwi fflags, 0"); } }

#define IN "fmv.d.x ft0, %1\n fmv.d.x ft1, %2\n fmv.d.x ft2, %3\n "
#define F3(op, gen) { begin(); for (int i = 0; i < ROUNDS; i++) { u64 r, a = gen(), b = gen(), c = (random64() & 3) ? gen() : a; mode(i); asm volatile(IN op " ft3, ft0, ft1, ft2\n fmv.x.d %0, ft3" : "=r"(r) : "r"(a), "r"(b), "r"(c)); add(r); flags(); } end(op); }
#define F2(op, gen) { begin(); for (int i = 0; i < ROUNDS; i++) { u64 r, a = gen(), b = (random64() & 7) ? gen() : a; mode(i); asm volatile(IN op " ft3, ft0, ft1\n fmv.x.d %0, ft3" : "=r"(r) : "r"(a), "r"(b), "r"(b)); add(r); flags(); } end(op); }
#define F1(op, gen) { begin(); for (int i = 0; i < ROUNDS; i++) { u64 r, a = gen(); mode(i); asm volatile(IN op " ft3, ft0\n fmv.x.d %0, ft3" : "=r"(r) : "r"(a), "r"(a), "r"(a)); add(r); flags(); } end(op); }
#define FX(op, gen) { begin(); for (int i = 0; i < ROUNDS; i++) { u64 r, a = gen(), b = (random64() & 7) ? gen() : a; mode(i); asm volatile(IN op " %0, ft0, ft1" : "=r"(r) : "r"(a), "r"(b), "r"(b)); add(r); flags(); } end(op); }
#define FI(op, gen) { begin(); for (int i = 0; i < ROUNDS; i++) { u64 r, a = gen(); mode(i); asm volatile(IN op " %0, ft0" : "=r"(r) : "r"(a), "r"(a), "r"(a)); add(r); flags(); } end(op); }
#define IF(op) { begin(); for (int i = 0; i < ROUNDS; i++) { u64 r, a = integer(); mode(i); asm volatile(op " ft3, %1\n fmv.x.d %0, ft3" : "=r"(r) : "r"(a)); add(r); flags(); } end(op); }

static void base(void) {
    R2(add) R2(sub) R2(sll) R2(slt) R2(sltu) R2(xor) R2(srl) R2(sra) R2(or) R2(and)
    R2(addw) R2(subw) R2(sllw) R2(srlw) R2(sraw)
    R2(mul) R2(mulh) R2(mulhsu) R2(mulhu) R2(div) R2(divu) R2(rem) R2(remu)
    R2(mulw) R2(divw) R2(divuw) R2(remw) R2(remuw)
    RI(addi, -2048) RI(addi, 2047) RI(slti, -5) RI(sltiu, -5) RI(xori, -1) RI(ori, 0x555) RI(andi, -256)
    RI(slli, 63) RI(slli, 0) RI(srli, 33) RI(srai, 63) RI(addiw, -1) RI(slliw, 31) RI(srliw, 1) RI(sraiw, 31)
    BR(beq) BR(bne) BR(blt) BR(bge) BR(bltu) BR(bgeu)
    LOAD(lb, 1) LOAD(lh, 1) LOAD(lw, 2) LOAD(ld, 0) LOAD(ld, 3) LOAD(lbu, 7) LOAD(lhu, 7) LOAD(lwu, 5)
    STORE(sb, 3) STORE(sh, 7) STORE(sw, 5) STORE(sd, 8) STORE(sd, 3)
}

static void atomics(void) {
    AM(amoadd, w) AM(amoswap, w) AM(amoxor, w) AM(amoor, w) AM(amoand, w) AM(amomin, w) AM(amomax, w) AM(amominu, w) AM(amomaxu, w)
    AM(amoadd, d) AM(amoswap, d) AM(amoxor, d) AM(amoor, d) AM(amoand, d) AM(amomin, d) AM(amomax, d) AM(amominu, d) AM(amomaxu, d)
}

static void reals(void) {
    F2("fadd.d", real64) F2("fsub.d", real64) F2("fmul.d", real64) F2("fdiv.d", real64) F1("fsqrt.d", real64)
    F3("fmadd.d", real64) F3("fmsub.d", real64) F3("fnmsub.d", real64) F3("fnmadd.d", real64)
    F2("fsgnj.d", real64) F2("fsgnjn.d", real64) F2("fsgnjx.d", real64) F2("fmin.d", real64) F2("fmax.d", real64)
    FX("feq.d", real64) FX("flt.d", real64) FX("fle.d", real64) FI("fclass.d", real64)
    FI("fcvt.w.d", real64) FI("fcvt.wu.d", real64) FI("fcvt.l.d", real64) FI("fcvt.lu.d", real64)
    IF("fcvt.d.w") IF("fcvt.d.wu") IF("fcvt.d.l") IF("fcvt.d.lu") F1("fcvt.s.d", real64) F1("fcvt.d.s", real32)
    F2("fadd.s", real32) F2("fsub.s", real32) F2("fmul.s", real32) F2("fdiv.s", real32) F1("fsqrt.s", real32)
    F3("fmadd.s", real32) F3("fmsub.s", real32) F3("fnmsub.s", real32) F3("fnmadd.s", real32)
    F2("fsgnj.s", real32) F2("fsgnjn.s", real32) F2("fsgnjx.s", real32) F2("fmin.s", real32) F2("fmax.s", real32)
    FX("feq.s", real32) FX("flt.s", real32) FX("fle.s", real32) FI("fclass.s", real32)
    FI("fcvt.w.s", real32) FI("fcvt.wu.s", real32) FI("fcvt.l.s", real32) FI("fcvt.lu.s", real32)
    IF("fcvt.s.w") IF("fcvt.s.wu") IF("fcvt.s.l") IF("fcvt.s.lu") FI("fmv.x.w", real32) IF("fmv.w.x")
}

int main(void) {
    base();
    atomics();
    reals();
    return 0;
}
