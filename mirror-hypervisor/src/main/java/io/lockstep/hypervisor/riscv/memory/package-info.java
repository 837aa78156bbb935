/**
 * The machine's RAM: off-heap, with two marks a page.
 *
 * <pre>
 *   first store to a page since its mark was cleared -> written() -> marks: for the harvest | for the digest
 *   later stores to it: none of our business (Mmu has the page in its store TLB until the mark is cleared)
 * </pre>
 */
package io.lockstep.hypervisor.riscv.memory;
