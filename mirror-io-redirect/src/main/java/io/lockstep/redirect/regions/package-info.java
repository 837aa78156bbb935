/**
 * What a copy of a disk is, and which regions the other copy may miss: a small file beside the copy that survives every crash.
 *
 * <pre>
 *   stack's thread                                     the log's own thread
 *   mark, clear, update  ->  {@link io.lockstep.redirect.regions.RegionLog}  --batch-->  write, fdatasync  (one for all that waits)
 *   isDurable(ticket)    <-                <--done, wake-up--
 * </pre>
 */
package io.lockstep.redirect.regions;
