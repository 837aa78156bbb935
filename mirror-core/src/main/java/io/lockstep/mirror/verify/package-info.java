/**
 * Do both sides agree? Digests of pages and epochs, chained; and what a person reads after a failover.
 *
 * <pre>
 *   page --PageDigest--> 64 bit --EpochDigest--> epoch --DigestChain--> chain(n) = f(chain(n-1), n, epoch digest)
 *                                                                      '--> FailoverReceipt
 * </pre>
 *
 * A digest finds divergence and damage (invariant I6); it is not meant to withstand somebody who forges the stream.
 */
package io.lockstep.mirror.verify;
