package io.lockstep.redirect.nbd;

import static io.lockstep.redirect.nbd.NbdWire.CMD_BLOCK_STATUS;
import static io.lockstep.redirect.nbd.NbdWire.CMD_CACHE;
import static io.lockstep.redirect.nbd.NbdWire.CMD_FLAG_DF;
import static io.lockstep.redirect.nbd.NbdWire.CMD_FLAG_FAST_ZERO;
import static io.lockstep.redirect.nbd.NbdWire.CMD_FLAG_FUA;
import static io.lockstep.redirect.nbd.NbdWire.CMD_FLAG_NO_HOLE;
import static io.lockstep.redirect.nbd.NbdWire.CMD_FLAG_REQ_ONE;
import static io.lockstep.redirect.nbd.NbdWire.CMD_FLUSH;
import static io.lockstep.redirect.nbd.NbdWire.CMD_READ;
import static io.lockstep.redirect.nbd.NbdWire.CMD_TRIM;
import static io.lockstep.redirect.nbd.NbdWire.CMD_WRITE;
import static io.lockstep.redirect.nbd.NbdWire.CMD_WRITE_ZEROES;
import static io.lockstep.redirect.nbd.NbdWire.EINVAL;
import static io.lockstep.redirect.nbd.NbdWire.ENOSPC;
import static io.lockstep.redirect.nbd.NbdWire.EPERM;
import static io.lockstep.redirect.nbd.NbdWire.OK;

import java.nio.ByteBuffer;

/**
 * The header of a request, as it came, and what is wrong with it. One for all clients: it is read, judged and forgotten.
 *
 * <pre>
 *   | REQUEST_MAGIC 4 | CMD_FLAG_* 2 | CMD_* 2 | cookie 8 | offset 8 | length 4 |
 * </pre>
 */
final class RequestHead {
    private static final int FLAGS = 4;
    private static final int COMMAND = 6;
    private static final int COOKIE = 8;
    private static final int OFFSET = 16;
    private static final int LENGTH = 24;
    private static final int SHORT = 0xffff;
    private static final long INT = 0xffff_ffffL;

    int magic;
    int flags;
    int command;
    long cookie;
    long offset;
    long length;

    void read(ByteBuffer in, int at) {
        magic = in.getInt(at);
        flags = in.getShort(at + FLAGS) & SHORT;
        command = in.getShort(at + COMMAND) & SHORT;
        cookie = in.getLong(at + COOKIE);
        offset = in.getLong(at + OFFSET);
        length = in.getInt(at + LENGTH) & INT;
    }

    /** The error to answer with, or OK. */
    int judge(Export export, boolean structured, boolean allocation) {
        return switch (command) {
            case CMD_READ -> inside(export, structured ? CMD_FLAG_DF : 0, export.maxPayload(), EINVAL);
            case CMD_WRITE -> change(export, 0, export.maxPayload(), ENOSPC);
            case CMD_TRIM -> export.canTrim() || export.readOnly() ? change(export, 0, INT, EINVAL) : EINVAL;
            case CMD_WRITE_ZEROES -> change(export, CMD_FLAG_NO_HOLE | CMD_FLAG_FAST_ZERO, INT, ENOSPC);
            case CMD_CACHE -> inside(export, 0, INT, EINVAL);
            case CMD_BLOCK_STATUS -> allocation && length > 0 ? inside(export, CMD_FLAG_REQ_ONE, INT, EINVAL) : EINVAL;
            case CMD_FLUSH -> offset == 0 && length == 0 && allows(0) ? OK : EINVAL;
            default -> EINVAL;
        };
    }

    private int change(Export export, int flagsAllowed, long most, int beyond) {
        return export.readOnly() ? EPERM : inside(export, flagsAllowed, most, beyond);
    }

    private int inside(Export export, int flagsAllowed, long most, int beyond) {
        if (!allows(flagsAllowed) || length > most) {
            return EINVAL;
        }
        return export.geometry().contains(offset, length) ? OK : beyond;
    }

    /** FUA may come with every command; where nothing changes it means nothing. */
    private boolean allows(int flagsAllowed) {
        return (flags & ~(flagsAllowed | CMD_FLAG_FUA)) == 0;
    }

    @Override
    public String toString() {
        return "command " + command + " flags " + flags + " offset " + offset + " length " + length;
    }
}
