/**
 * The secondary's end of the stream: stage, check, commit, all or nothing.
 *
 * <pre>
 *   bulk frames --> position, generation --> expand against the replica --> digest --> staging
 *                                                                                        |  EPOCH_END: counts, digest and chain agree
 *                                                                                        v
 *                                                                     acknowledge, then copy into the replica image
 * </pre>
 *
 * Everything is checked before it is acknowledged, so an acknowledged epoch can always be applied.
 */
package io.lockstep.mirror.apply;
