package io.lockstep.hypervisor.qemu;

import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;

/**
 * Makes a stream that {@code migrate-incoming} accepts out of a baseline and a device state.
 *
 * <pre>
 *   a migration stream   "QEVM" version | configuration | RAM sections (ROMs, as RAM proper is shared) | FULL sections ... | end
 *   saved device state   "QEVM" version |                                                                FULL sections ... | end
 *   spliced              baseline up to its first FULL section, then the state after its 8 bytes of header
 * </pre>
 *
 * The RAM sections matter because a QEMU that starts for an incoming stream frees its ROM contents and expects them in the stream:
 * without them the guest runs until its first reboot.
 */
final class DeviceState {
    private static final int MAGIC = 0x5145564d;
    private static final int HEADER = 8;
    private static final byte CONFIGURATION = 0x07;
    private static final byte SECTION_FULL = 0x04;
    /** Type byte and section id, before the length of the section's name. */
    private static final int NAME_LENGTH_AT = HEADER + 5;
    /** Instance and version, after the name. */
    private static final int AFTER_NAME = 8;

    private DeviceState() {}

    /** Empty if these bytes look like a whole device state, otherwise what is wrong with them. */
    static String check(DirectBuffer state, int length) {
        if (length < HEADER + 1) {
            return "device state of " + length + " bytes is too short";
        }
        if (state.getInt(0, java.nio.ByteOrder.BIG_ENDIAN) != MAGIC) {
            return "device state does not start with QEVM";
        }
        return "";
    }

    /**
     * The stream to load, ready to be written.
     *
     * @throws IllegalArgumentException if the two do not belong together
     */
    static ByteBuffer splice(byte[] baseline, DirectBuffer state, int length) {
        String problem = check(state, length);
        if (!problem.isEmpty()) {
            throw new IllegalArgumentException(problem);
        }
        if (state.getByte(HEADER) == CONFIGURATION) {
            ByteBuffer whole = ByteBuffer.allocate(length);
            state.getBytes(0, whole, length);
            return whole.flip();
        }
        int cut = cutOf(baseline, state, length);
        ByteBuffer stream = ByteBuffer.allocate(cut + length - HEADER);
        stream.put(baseline, 0, cut);
        state.getBytes(HEADER, stream, length - HEADER);
        return stream.flip();
    }

    private static int cutOf(byte[] baseline, DirectBuffer state, int length) {
        if (state.getByte(HEADER) != SECTION_FULL || length <= NAME_LENGTH_AT) {
            throw new IllegalArgumentException("device state does not start with a whole section");
        }
        int headerLength = NAME_LENGTH_AT + 1 + (state.getByte(NAME_LENGTH_AT) & 0xff) + AFTER_NAME - HEADER;
        if (HEADER + headerLength > length) {
            throw new IllegalArgumentException("device state ends inside its first section's header");
        }
        byte[] header = new byte[headerLength];
        state.getBytes(HEADER, header);
        for (int at = HEADER; at <= baseline.length - headerLength; at++) {
            if (java.util.Arrays.equals(baseline, at, at + headerLength, header, 0, headerLength)) {
                return at;
            }
        }
        String name = new String(header, 6, headerLength - 6 - AFTER_NAME, java.nio.charset.StandardCharsets.US_ASCII);
        throw new IllegalArgumentException("baseline of " + baseline.length + " bytes has no section '" + name
                + "', the state's first: they come from different machines");
    }
}
