/**
 * A client outside the two hosts that keeps books: it knows what every answer must be, over one TCP connection that is never reopened.
 *
 * <pre>
 *   LoadClient ---- RespConnection ===== one TCP connection ===== Redis in the guest
 *      |  sends INCR, SET, GET, {@code depth} at a time
 *      |  Ledger: what each answer must be; a lost or repeated write shows at once
 *      v
 *   LoadReport: operations, latency (HdrHistogram), longest gap, verified or the first wrong answer
 * </pre>
 */
package io.lockstep.host.load;
