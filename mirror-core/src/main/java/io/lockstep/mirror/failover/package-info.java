/**
 * Who may run the guest: states, suspicion, terms. All of it sans-io.
 *
 * <pre>
 *   primary    STARTING -> SIMPLEX -> SYNCING -> ARMING -> PROTECTED --link lost--> CLAIMING -> SIMPLEX | STEPPED_DOWN
 *                                                             '--switchover, guest lost--> HANDING_OVER -> STEPPED_DOWN
 *   secondary  WAITING -> PREPARING -> RECEIVING -> READY --both heartbeats silent--> CLAIMING -> ACTIVATING -> LIVE
 * </pre>
 *
 * {@code FailureDetector} turns silence into suspicion; {@code StateCell} makes every change legal or loud.
 */
package io.lockstep.mirror.failover;
