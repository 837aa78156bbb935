/**
 * What is mirrored, and when it is safe. Knows no socket, file, thread or hypervisor.
 *
 * <pre>
 *   PrimaryMirror                                              SecondaryMirror
 *   guest -> capture -> ring -> encode -> replicate ==========> apply -> replica image -> (failover) live guest
 *              |                             |     &lt;== acks ==    |
 *              '-> release: outputs wait <---'                    '-> verify: digests, chain, receipt
 *   failover: states, suspicion, terms (both sides)      spi: the ports
 * </pre>
 *
 * Start reading with {@link io.lockstep.mirror.PrimaryMirror#doWork} and {@link io.lockstep.mirror.SecondaryMirror#doWork}.
 */
package io.lockstep.mirror;
