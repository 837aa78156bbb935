/**
 * Output commit: what the guest says to the world waits here until the secondary can reproduce the state that said it (invariant I1).
 *
 * <pre>
 *   guest card --hold--> [ frame | frame || frame | ... ]--release--> uplink
 *                                        ^ mark(epoch): everything before it belongs to the epoch
 * </pre>
 */
package io.lockstep.mirror.release;
