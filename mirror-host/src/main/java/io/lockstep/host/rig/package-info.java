/**
 * Two hosts and their surroundings on one machine, for the demo, the drill and the benchmarks: real processes, real network devices, and
 * every way to break them.
 *
 * <pre>
 *   LoadClient 10.77.0.1 --- bridge --- tap a --- HostProcess a --- QEMU
 *                               |                      |  192.168.7.1
 *                               |                      |  interconnect (loopback, veth between two namespaces, or ByteProxy)
 *                               |                      |  192.168.7.2
 *                               +------- tap b --- HostProcess b --- QEMU (standby)
 *
 *   PairRig: all of it.  RigNetwork: devices, cuts.  HostConfigFile: the YAML.  HostProcess: start, status, events, signals, log.
 * </pre>
 *
 * Everything belongs to the namespaces that {@code dev/isolate} made, and so ends with this process.
 */
package io.lockstep.host.rig;
