/**
 * Ethernet frames over a stream socket, in the format of QEMU's {@code -netdev stream}: one end is a QEMU (or a bridge that speaks the
 * same), the other is the mirror's release stage.
 *
 * <pre>
 *   QEMU -netdev stream  ==== unix or TCP socket ====  StreamUplink : FramePort
 *                             | length u32 BE | frame |    '-- LengthFraming
 * </pre>
 */
package io.lockstep.transport.uplink;
