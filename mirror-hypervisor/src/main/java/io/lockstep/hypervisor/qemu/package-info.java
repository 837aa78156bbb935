/**
 * Stock QEMU guests, on both sides of the mirror.
 *
 * <pre>
 *   GuestSpec --Accelerators.resolve--+--&gt; QemuBoot    --&gt; QemuGuest   (primary: runs, is checkpointed)
 *                                     '--&gt; QemuStandby --&gt; QemuGuest   (secondary: waits, is activated)
 *
 *        QemuGuest   QemuStandby   QemuBoot            what to ask QEMU next
 *             \          |          /
 *                   QemuMachine                        one process, its memory, its sockets, its files
 *         /        |          |         \
 *   QemuProcess  QmpConnection  QemuNic  RamFile       no thread, nothing blocks
 * </pre>
 */
package io.lockstep.hypervisor.qemu;
