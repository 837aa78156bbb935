/**
 * A file or block device of this host as a path. Calls into the kernel may hang with the medium, so the stack's thread makes none that can:
 *
 * <pre>
 *   stack's thread                           threads of one opening, which may hang and be left behind
 *   FilePath --FileOp--> WorkerPool queue  ==&gt;  FileCalls --> nativeio.DiskFile --> pread, pwritev2, fdatasync, fallocate, lseek
 *      ^---------------- done queue, wakeUp ------'
 *   FilePath --> DiskFile.readCached (RWF_NOWAIT): what the page cache has costs no hand-over
 * </pre>
 */
package io.lockstep.redirect.path.file;
