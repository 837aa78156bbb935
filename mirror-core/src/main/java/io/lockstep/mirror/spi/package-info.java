/**
 * The ports: what the mirror needs from the world. Every method returns at once; progress is polled, so that the same core runs on
 * any number of threads, in a test and in the simulator.
 *
 * <pre>
 *   GuestVm, DirtyTracker     the running guest, on the primary
 *   StandbyVm                 the waiting guest, on the secondary
 *   LockstepMachine           a guest that is a function of its events, on either side
 *   FramePort                 the guest's network card; the uplink
 *   Interconnect              the peer
 *   Arbiter, StorageHeartbeat the storage both hosts see
 * </pre>
 */
package io.lockstep.mirror.spi;
