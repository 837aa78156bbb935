package io.lockstep.mirror.record;

/** Why a frame was not accepted; {@link FrameDecoder#faultText()} adds the offending value and the limit. */
public enum FrameFault {
    /** The bytes are not a frame of this protocol. */
    BAD_MAGIC,
    /** The frame has a kind that nobody knows, or one that has no place on this connection. */
    UNKNOWN_KIND,
    /** The frame was written by a protocol version that this side does not speak. */
    BAD_VERSION,
    /** The payload is longer than this side accepts. */
    TOO_LONG,
    /** The bytes were changed on their way. */
    BAD_CRC,
    /** The frame belongs to another, usually an older, session. */
    WRONG_SESSION,
    /** A frame was lost, repeated or reordered. */
    OUT_OF_SEQUENCE
}
