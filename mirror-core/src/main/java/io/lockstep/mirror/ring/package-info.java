/**
 * The send window: what capture took from the guest and the secondary has not acknowledged yet.
 *
 * <pre>
 *   capture --claim/publish--> [ slot | slot | slot | ... ] --poll--> replicate
 *                                ^ freed by acknowledgement, not by sending
 * </pre>
 *
 * Bounded (invariant I7): no free slot means that capture waits, with the guest paused.
 */
package io.lockstep.mirror.ring;
