package io.lockstep.mirror.record;

/** What a frame carries. The codes are part of the wire format and never change. */
public enum FrameKind {
    /** Opens a connection; its layout is the same in every protocol version. */
    HELLO(0),
    /** Pages, device state, epoch ends. */
    BULK(1),
    /** Heartbeats, acknowledgements, role changes. */
    CONTROL(2);

    private final byte code;

    FrameKind(int code) {
        this.code = (byte) code;
    }

    /** The kind's byte in the header. */
    public byte code() {
        return code;
    }

    static FrameKind of(int code) {
        return switch (code) {
            case 0 -> HELLO;
            case 1 -> BULK;
            case 2 -> CONTROL;
            default -> null;
        };
    }
}
