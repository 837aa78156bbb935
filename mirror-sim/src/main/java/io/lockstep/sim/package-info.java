/**
 * A seeded simulation of the whole system: the real core on two simulated hosts, one thread, one dice.
 *
 * <pre>
 *                       Outside (checks every frame that leaves, and every takeover)
 *                      /                                             \
 *   Node 0: SimGuest, PrimaryMirror, Replicator ==SimLink==  Node 1: SecondaryMirror, SimStandby     roles may change
 *                      \                                             /
 *                       SimArbiter (terms), SimBeat (storage heartbeat)
 *
 *   Simulation: chaos (Faults throws the dice) -> heal -> calm;  Checker after every step;  Trace: what happened, and its hash
 * </pre>
 *
 * The same seed gives the same trace. A broken promise is an {@link io.lockstep.sim.InvariantViolation} that names the invariant.
 */
package io.lockstep.sim;
