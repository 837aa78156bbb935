/**
 * The bytes of a saved machine: a magic, then numbers and byte runs in a fixed order, each part behind its tag.
 *
 * <pre>
 *   StateWriter  tag, long, int, bytes ...  ->  buffer  ->  StateReader  the same calls in the same order
 * </pre>
 */
package io.lockstep.hypervisor.riscv.state;
