/**
 * The embedded deterministic machine: RV64GC with the devices of QEMU's {@code virt} board.
 *
 * <pre>
 *   RiscvMachine (LockstepMachine) --- MachineConfig
 *     |-- cpu/     Hart: decoded blocks, Sv39, privileged architecture
 *     |-- fpu/     IEEE 754
 *     |-- memory/  GuestRam: off-heap, written pages, digests
 *     |-- device/  Board: CLINT, PLIC, UART, virtio, test finisher, HTIF
 *     |-- elf/     programs        boot/  device tree, firmware, kernel
 *     '-- state/   the bytes of a saved machine
 * </pre>
 *
 * It reads no clock, no file and no chance: everything it cannot compute is injected at an exact count of instructions.
 */
package io.lockstep.hypervisor.riscv;
