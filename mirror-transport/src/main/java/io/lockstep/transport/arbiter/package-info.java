/**
 * The arbiter and the second heartbeat on a directory that both hosts see: NFS, a clustered file system, or the same disk.
 *
 * <pre>
 *   shared/terms/web/term-1   term-2   term-3        one file per term, made once by link(2), never changed
 *          '-- DirectoryArbiter.claim(2, why): write temp, fsync, link to term-3, fsync directory
 *   shared/heartbeat/a        b                      one file per host, rewritten in place
 *          '-- DirectoryHeartbeat: writes its own, reads the peer's
 * </pre>
 */
package io.lockstep.transport.arbiter;
