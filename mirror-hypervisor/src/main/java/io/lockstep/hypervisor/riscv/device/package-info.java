/**
 * The board: the devices of QEMU's {@code virt} at the same addresses, so that firmware and kernels for it run unchanged.
 *
 * <pre>
 *   Hart --Bus--> Board: 0x00100000 Finisher      0x10000000 Uart          0x10001000.. VirtioSlot: block, net, console, entropy
 *                        0x02000000 Clint         0x0c000000 Plic          tohost (a page of RAM) Htif
 *                   |
 *                   '-- Output: pieces with the count at which they were said     Clock: time from the instruction count
 * </pre>
 *
 * No device has a clock, a thread or a file: input comes in through {@link io.lockstep.hypervisor.riscv.device.Board#inject}.
 */
package io.lockstep.hypervisor.riscv.device;
