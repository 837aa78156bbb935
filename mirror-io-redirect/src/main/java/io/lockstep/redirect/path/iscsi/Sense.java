package io.lockstep.redirect.path.iscsi;

import io.lockstep.nativeio.IscsiSession;
import io.lockstep.redirect.block.BlockFault;

/** What the end of a SCSI command means (SPC-5, sense keys and additional sense codes). */
final class Sense {
    private static final int KEY_SHIFT = 16;
    private static final int CODE_MASK = 0xffff;
    private static final int CODE_SHIFT = 8;
    private static final int NOT_READY = 2;
    private static final int ILLEGAL_REQUEST = 5;
    private static final int UNIT_ATTENTION = 6;
    private static final int DATA_PROTECT = 7;
    private static final int BEYOND_END = 0x2100;
    private static final int RESERVATIONS_PREEMPTED = 0x2a03;
    private static final int RESERVATIONS_RELEASED = 0x2a04;
    private static final int REGISTRATIONS_PREEMPTED = 0x2a05;
    private static final int SPACE_ALLOCATION_FAILED = 0x2707;
    private static final int BECOMING_READY = 0x0401;

    private Sense() {}

    /** True if the command took no effect and may be sent again. */
    static boolean asksAgain(int status, int sense) {
        return switch (status) {
            case IscsiSession.BUSY, IscsiSession.TASK_SET_FULL -> true;
            case IscsiSession.CHECK_CONDITION ->
                (key(sense) == UNIT_ATTENTION && !tellsOfPreemption(sense))
                        || (key(sense) == NOT_READY && code(sense) == BECOMING_READY);
            default -> false;
        };
    }

    /** The fault of a command that is not sent again. */
    static BlockFault fault(int status, int sense) {
        return switch (status) {
            case IscsiSession.GOOD -> BlockFault.NONE;
            case IscsiSession.RESERVATION_CONFLICT -> BlockFault.FENCED;
            case IscsiSession.CHECK_CONDITION -> ofSense(sense);
            default -> BlockFault.IO;
        };
    }

    private static BlockFault ofSense(int sense) {
        return switch (key(sense)) {
            case ILLEGAL_REQUEST -> code(sense) == BEYOND_END ? BlockFault.INVALID : BlockFault.NOT_SUPPORTED;
            case UNIT_ATTENTION -> tellsOfPreemption(sense) ? BlockFault.FENCED : BlockFault.IO;
            case DATA_PROTECT -> code(sense) == SPACE_ALLOCATION_FAILED ? BlockFault.NO_SPACE : BlockFault.PERMISSION;
            default -> BlockFault.IO;
        };
    }

    private static boolean tellsOfPreemption(int sense) {
        int code = code(sense);
        return code == RESERVATIONS_PREEMPTED || code == REGISTRATIONS_PREEMPTED || code == RESERVATIONS_RELEASED;
    }

    private static int key(int sense) {
        return sense >> KEY_SHIFT;
    }

    private static int code(int sense) {
        return sense & CODE_MASK;
    }

    /** For people. */
    static String describe(int status, int sense) {
        return switch (status) {
            case IscsiSession.GOOD -> "good";
            case IscsiSession.BUSY -> "busy";
            case IscsiSession.TASK_SET_FULL -> "task set full";
            case IscsiSession.RESERVATION_CONFLICT -> "reservation conflict";
            case IscsiSession.CANCELLED -> "cancelled";
            case IscsiSession.CHECK_CONDITION ->
                "check condition, sense key " + key(sense) + ", code " + Integer.toHexString(code(sense) >> CODE_SHIFT)
                        + "/" + Integer.toHexString(code(sense) & 0xff);
            default -> "status " + Integer.toHexString(status);
        };
    }
}
