/**
 * The disk service beside its peers: {@code ./mirror nbd}, qemu-nbd and nbdkit serve the same file, fio asks each in turn.
 *
 * <pre>
 *   DiskBenchCommand --> DiskRun --> round 1: load 1: ours, qemu-nbd, nbdkit   load 2: ...      (warm-up first)
 *                          |         round 2: load 1: qemu-nbd, nbdkit, ours   ...
 *                          |            FioRun: operations, latency     DiskServer: a process, its processor time
 *                          v
 *                     Comparison (JSON) --> DiskTable
 * </pre>
 *
 * The servers take turns within seconds and change places from round to round, because the machine's mood changes from minute to minute. A
 * ratio is the median of the ratios of the rounds, not a ratio of medians.
 */
package io.lockstep.bench.disk;
