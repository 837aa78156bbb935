/**
 * One guest on one host, whichever role it has: wires the core to QEMU, the interconnect, the arbiter and the uplink.
 *
 * <pre>
 *   VmEngine (engine thread)                                 who runs the guest? --> role
 *     |-- Starting   term -> admission by the partner -> boot -.
 *     |-- PrimaryRole    PrimaryMirror  | link thread: Replicator
 *     '-- SecondaryRole  SecondaryMirror --takes over--> PrimaryRole
 *   DutyThread: polls a duty, blocks in a selector when there is nothing to do
 * </pre>
 */
package io.lockstep.host.engine;
