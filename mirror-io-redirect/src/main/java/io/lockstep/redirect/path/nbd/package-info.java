/**
 * A disk of an NBD server as a path: of any server, or of the partner, which then knows generations.
 *
 * <pre>
 *   NbdPath --> NbdHandshake                 once: greeting, GO, base:allocation --> NbdExport
 *      |  BlockRequest --NbdPlan--> NbdOp    one request, one command at a time
 *      +--> NbdSender  ==&gt; socket            small payloads copied together, large ones straight from the IoBuffer
 *      +--> NbdReceiver &lt;== socket           checks every byte; large payloads straight into the IoBuffer
 * </pre>
 *
 * All on the stack's thread, without blocking. A server that breaks the protocol breaks the path, with a reason (invariant I8).
 */
package io.lockstep.redirect.path.nbd;
