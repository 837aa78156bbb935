/**
 * Ways to a disk: {@link io.lockstep.redirect.path.BlockPath} and what implements it.
 *
 * <pre>
 *   route  ->  BlockPath  <-  file, nbd (partner), iscsi
 * </pre>
 */
package io.lockstep.redirect.path;
