/**
 * Lockstep: two machines execute the same instructions. What a machine cannot compute itself goes through a log.
 *
 * <pre>
 *   world --offer--> LockstepPrimary --LogWriter--> Interconnect --LogReader--> LockstepSecondary
 *                      | machine, in slices                          | RecordRing: received, not executed yet
 *                      v                                             v Replay: run to the record's count, inject, compare
 *                    OutputHold  <----- received / applied -----    machine, OutputHold
 *                      v
 *                    OutputPort       go-live: machine and held outputs of the secondary become those of a new primary
 * </pre>
 *
 * {@link io.lockstep.mirror.lockstep.LogDescriptor} has the layout of the log. Output commit: an output leaves when the secondary has
 * everything it needs to say it too, see {@link io.lockstep.mirror.lockstep.LockstepPrimary}.
 */
package io.lockstep.mirror.lockstep;
