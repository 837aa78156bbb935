/**
 * Failures on purpose, for the tests of whoever builds on the block layers.
 *
 * <pre>
 *   client  ->  {@link io.lockstep.redirect.inject.InjectDevice}  ->  any layer or path
 *                    rules: which requests, what happens to them, how often
 * </pre>
 */
package io.lockstep.redirect.inject;
