package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.block.BlockRequest;

/** A request on its way to the server, as one command after the other. Plain fields: the package's classes fill them in turn. */
final class NbdOp {
    /** {@link #endAt} of a command that is not in the stream yet. */
    static final long NOT_ENCODED = Long.MAX_VALUE;
    /** {@link #endAt} of a command that the server has answered. */
    static final long ANSWERED = Long.MAX_VALUE - 1;

    /** Its place among the path's operations. */
    final int index;

    /** Which bytes of a READ have come. */
    final NbdCoverage coverage = new NbdCoverage();

    BlockRequest request;
    /** Bytes of the request that are done. */
    long done;
    /** A FLUSH must follow. */
    boolean flushLeft;
    /** A command of this request was answered before the one that is under way. */
    boolean begun;

    /** What the server answers with; changes with each command. */
    long cookie;

    int command;
    int flags;
    long offset;
    /** Bytes the command covers. */
    int length;
    /** Bytes that follow the command in the stream. */
    int payload;
    /** Place in the stream of sent bytes where this command ends. */
    long endAt = NOT_ENCODED;

    /** The first error the server told. */
    int error;
    /** STATUS: length and flags of the first run; length 0 if none came. */
    long runLength;

    int runFlags;

    NbdOp(int index) {
        this.index = index;
    }

    /** Zeroes are sent that are in no buffer of the request. */
    boolean sendsZeroes() {
        return request.data() == null;
    }

    /** Where in the request's buffer the command's bytes are. */
    int bufferIndex() {
        return request.dataOffset() + (int) done;
    }
}
