/**
 * The embedding API: a host that mirrors guests with a partner.
 *
 * <pre>
 *   MirrorHost --protect / accept--> ProtectedVm --switchover, failover, unprotect, protect--> future
 *        '--HostEvent--> listener (states, notices, receipts)        '--status--> VmStatus
 * </pre>
 *
 * The README shows how a toolstack uses it; {@code engine} holds how it works.
 */
package io.lockstep.host;
