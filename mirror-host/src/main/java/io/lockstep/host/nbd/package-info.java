/**
 * A disk over NBD by itself, without a mirrored guest.
 *
 * <pre>
 *   NbdService (thread) -- NbdServer -> DiskStack: PathStack = [RedirectDevice ->] paths, GenerationFile
 *                                        or CopyPair = MirroredDevice -> two PathStacks, two RegionLogs; CopyReports
 * </pre>
 */
package io.lockstep.host.nbd;
