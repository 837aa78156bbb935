/**
 * JMH benchmarks of the stages of the data path, one by one, without a guest. All of them run with {@code -prof gc}: the data path
 * must allocate nothing.
 *
 * <pre>
 *   RingBenchmark     capture --> [ring] --> replicate
 *   EncodeBenchmark                          page --> encode + digest --> bulk frame
 *   FrameBenchmark                                                        bulk frame --> seal, decode
 *   ApplyBenchmark                                                                       bulk frame --> replica
 *   DigestBenchmark   the digest alone        GateBenchmark   a guest's frame: hold, mark, permit, release
 *
 *   PageKind, PageSource: the pages that encode and apply are fed with
 * </pre>
 */
package io.lockstep.bench.jmh;
