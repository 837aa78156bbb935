/**
 * {@code ./mirror demo}: a guest survives the loss of its host while somebody watches.
 *
 * <pre>
 *   DemoCommand  -> DemoOptions (every error at once)
 *        v
 *   DemoRun: open rig, boot, connect, protect | live, break (KillKind) | outcome, go on, read everything back
 *        |             |
 *        |             +-- LiveView: one block on a terminal, plain lines elsewhere
 *        v
 *   ReceiptBox, DemoReport (--json)
 * </pre>
 */
package io.lockstep.host.demo;
