/**
 * What a disk can be asked, and what carries a request: the verbs that every layer of a disk's stack speaks.
 *
 * <pre>
 *   nbd server  ->  layer  ->  layer  ->  path          each one is a {@link io.lockstep.redirect.block.BlockDevice}
 *        \________ {@link io.lockstep.redirect.block.BlockRequest} with an {@link io.lockstep.redirect.block.IoBuffer} ________/
 * </pre>
 *
 * <p>Threading: a stack belongs to one thread. Requests are submitted, completed and released on it; a path that works with threads of
 * its own hands completions over in {@link io.lockstep.redirect.block.BlockDevice#doWork}.
 */
package io.lockstep.redirect.block;
