/**
 * Takes the guest's state at the end of each epoch, and copies its memory once while it runs.
 *
 * <pre>
 *              SyncCopy (rounds, guest runs)
 *   guest --&lt;                                  &gt;--> send window
 *              CheckpointCapture (guest paused)
 *                 pause -> harvest dirty pages -> copy -> device state -> outputs so far -> EPOCH_END -> resume
 *   EpochPacer says when;  PageLedger knows which pages the secondary does not have (invariant I5)
 * </pre>
 */
package io.lockstep.mirror.capture;
