/**
 * Programs for the machine.
 *
 * <pre>
 *   file -> ElfImage: entry, segments with physical addresses, symbols -> RiscvMachine.load
 *             '-> ElfException: which of the things that can be wrong with it
 * </pre>
 */
package io.lockstep.hypervisor.riscv.elf;
