/**
 * One RV64GC hart: machine, supervisor and user mode, Sv39.
 *
 * <pre>
 *   Hart.run:  BlockCache --Block--> Interpreter --rare--> IntegerOps, FloatOps, SystemOps --> Csrs
 *                ^  Decoder, Compressed    |                                |
 *                |                         v                                v
 *                '--- code pages ------- Mmu: software TLB, Sv39         Traps: enter, return, interrupts
 *                                          |
 *                                GuestRam (off-heap)   Bus (devices)
 * </pre>
 */
package io.lockstep.hypervisor.riscv.cpu;
