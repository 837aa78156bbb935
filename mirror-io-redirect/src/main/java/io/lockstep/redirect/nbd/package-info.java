/**
 * The NBD protocol: its numbers, and the server that lets stock clients (QEMU, libvirt, fio, nbdcopy) use a stack of block layers.
 *
 * <pre>
 *   client  --NBD (unix socket, TCP)-->  server  --BlockRequest-->  layer  ->  layer  ->  path
 * </pre>
 */
package io.lockstep.redirect.nbd;
