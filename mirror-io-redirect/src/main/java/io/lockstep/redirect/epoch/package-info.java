/**
 * A guest's disk at level 3: what the guest writes is held in memory until the epoch it was written in is committed on both hosts.
 *
 * <pre>
 *   nbd server -> {@link io.lockstep.redirect.epoch.EpochDisk} -------------------------------> home (this host's way to the disk)
 *                   GuestIo -> Overlay (blocks by epoch) -> HomeWriter (marks, journal) --^      away (the partner's, when home failed)
 *   core --------> GuestDisk / ReplicaDisk               ReadAhead (for the checkpoint) <-/
 * </pre>
 */
package io.lockstep.redirect.epoch;
