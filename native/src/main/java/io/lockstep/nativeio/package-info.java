/**
 * What Java 17 cannot ask the kernel for. The only package of the project that imports {@code com.sun.jna}; Linux on x86-64.
 *
 * <pre>
 *   MappedMemory      memory and files beyond 2 GiB at an address, reserved, locked, given back
 *   TapDevice         the uplink's Ethernet frames          Poller        waits on several descriptors
 *   SoftDirtyPages    written pages of another process      ProcessFreezer  holds it still meanwhile
 *   ShimLibrary       the preload library that tracks written pages from inside QEMU (src/main/c)
 *   DiskFile          a file or block device as a disk: positioned, direct, durable, holes
 *   IscsiSession      SCSI commands to a logical unit over iSCSI, all in user space (libiscsi, and src/main/c/scsi)
 *   CpuAffinity, ThreadName   the calling thread
 *        |
 *        v
 *   LibC --> com.sun.jna --> C library        a failure becomes NativeIoException: what, on what, errno
 * </pre>
 */
package io.lockstep.nativeio;
