/**
 * Redirect and fence: one disk over several paths to the same bytes.
 *
 * <pre>
 *   {@link io.lockstep.redirect.route.RedirectDevice}
 *      |- Ledger    clients' requests in order; what was issued for them; what is stuck in paths that were left
 *      |- Deadline  how long a request may take
 *      |- Mover     stop issuing -> leave -> open with a new generation -> Fence -> issue again
 *      |- Fence     the proof that nothing older can take effect
 *      |- Prober    tries the other paths, asks to go back
 *      +- Route     one {@link io.lockstep.redirect.path.BlockPath} and its state
 * </pre>
 */
package io.lockstep.redirect.route;
