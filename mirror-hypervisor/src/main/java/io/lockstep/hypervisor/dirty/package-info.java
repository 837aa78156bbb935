/**
 * Which guest pages were written: three ways to know, best first.
 *
 * <pre>
 *   ShimSession ---environment()---> QEMU starts with the preload shim
 *        |                              | hello, answers (unix socket), dirty map (shared file)
 *        v                              v
 *   DirtyTrackers.choose --> WpAsyncTracker    kernel 6.7: collects and re-protects in one step, cost follows what was written
 *        |          \------> SoftDirtyTracker  CONFIG_MEM_SOFT_DIRTY: reads a word per page, holds the process still meanwhile
 *        |           \-----> CompareTracker    anywhere: reads all of guest RAM twice over, needs as much memory again
 *        v
 *   log: which one, and why none better
 * </pre>
 *
 * {@code ShimProtocol} is the twin of {@code native/src/main/c/mirror_shim.c}.
 */
package io.lockstep.hypervisor.dirty;
