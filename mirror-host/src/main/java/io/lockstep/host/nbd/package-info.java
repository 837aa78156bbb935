/**
 * A disk over NBD by itself, without a mirrored guest.
 *
 * <pre>
 *   NbdService (thread) -- NbdServer -> DiskStack: [RedirectDevice ->] paths
 *                                            |
 *                                    GenerationFile
 * </pre>
 */
package io.lockstep.host.nbd;
