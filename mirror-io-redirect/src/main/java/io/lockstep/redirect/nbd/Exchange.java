package io.lockstep.redirect.nbd;

import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;

/**
 * One request of a client, from its header to the last byte of its reply. Reused.
 *
 * <p>A reply is a header, which {@link ReplyWriter} makes when it is sent, and {@code payload} bytes from {@link #data}.
 */
final class Exchange {
    /** Its {@link BlockRequest#id()} is this exchange's place in the pool. */
    final BlockRequest request;

    Connection connection;
    long cookie;
    int command;
    int flags;
    long offset;
    int length;
    /** Room for the payload of a request or reply; null if there is none. */
    IoBuffer data;
    /** Where in {@link #data} the payload begins. */
    int dataOffset;
    /** {@link NbdWire} error of the reply. */
    int error;
    /** Bytes of the reply's payload. */
    int payload;
    /** Bytes of the whole reply; known once its header was made. */
    int replyLength;
    /** True if the reply is a chunk: READ and BLOCK_STATUS of a client that asked for structured replies. */
    boolean chunked;

    Exchange(int index) {
        request = new BlockRequest(index);
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }
}
