# Sets up a stack and floating point, calls main, reports what it returns: tohost here, the test finisher on other virt boards.
    .section .text.start, "ax"
    .globl _start
_start:
    la sp, stack_top
    li t0, 0x6000
    csrs mstatus, t0
    la t0, trapped
    csrw mtvec, t0
    call main
    .globl finish
finish:
    slli t0, a0, 1
    ori t0, t0, 1
    la t1, tohost
    sd t0, 0(t1)
    li t1, 0x100000
    li t2, 0x5555
    beqz a0, 1f
    slli t2, a0, 16
    li t3, 0x3333
    or t2, t2, t3
1:  sw t2, 0(t1)
2:  j 2b
    .balign 4
trapped:
    la sp, stack_top
    csrr a0, mcause
    csrr a1, mepc
    csrr a2, mtval
    call unexpected
    li a0, 999
    j finish

    .section .tohost, "aw", @progbits
    .balign 64
    .globl tohost
tohost: .dword 0
    .balign 64
    .globl fromhost
fromhost: .dword 0
