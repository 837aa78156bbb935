package io.lockstep.redirect.nbd;

import static io.lockstep.redirect.nbd.NbdWire.CHUNK_LENGTH;
import static io.lockstep.redirect.nbd.NbdWire.CHUNK_MAGIC;
import static io.lockstep.redirect.nbd.NbdWire.CMD_BLOCK_STATUS;
import static io.lockstep.redirect.nbd.NbdWire.REPLY_FLAG_DONE;
import static io.lockstep.redirect.nbd.NbdWire.REPLY_TYPE_BLOCK_STATUS;
import static io.lockstep.redirect.nbd.NbdWire.REPLY_TYPE_ERROR;
import static io.lockstep.redirect.nbd.NbdWire.REPLY_TYPE_NONE;
import static io.lockstep.redirect.nbd.NbdWire.REPLY_TYPE_OFFSET_DATA;
import static io.lockstep.redirect.nbd.NbdWire.SIMPLE_REPLY_MAGIC;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * Sends replies: headers of many replies in one buffer, payloads from where the device left them, all in one gathering write.
 *
 * <pre>
 *   headers  | simple | simple | chunk |            | simple |
 *   vector   [ headers 0..2          ]  [ payload ] [ header ] ...
 * </pre>
 *
 * Nothing is kept between two writes: after a partial one the headers are made again and the bytes that were sent are left out.
 */
final class ReplyWriter {
    private static final int MOST_REPLIES = 256;
    private static final int MOST_HEADER = 128;
    private static final int ERROR_BODY = 6;

    private final ByteBuffer headers = ByteBuffer.allocateDirect(MOST_REPLIES * MOST_HEADER);
    private final ByteBuffer[] segments = new ByteBuffer[MOST_REPLIES];
    private final ByteBuffer[] vector = new ByteBuffer[2 * MOST_REPLIES];
    private int segmentCount;
    private int count;
    private int segmentStart;

    ReplyWriter() {
        for (int i = 0; i < MOST_REPLIES; i++) {
            segments[i] = headers.duplicate();
        }
    }

    /**
     * Writes what the socket takes of the first replies in the queue, of which {@code sent} bytes were written before.
     *
     * @return bytes written
     */
    long write(SocketChannel channel, ReplyQueue replies, int sent) throws IOException {
        headers.clear();
        segmentCount = 0;
        count = 0;
        segmentStart = 0;
        int skip = sent;
        int most = Math.min(replies.size(), MOST_REPLIES);
        for (int i = 0; i < most; i++) {
            add(replies.get(i), skip);
            skip = 0;
        }
        endSegment();
        return count == 1 ? channel.write(vector[0]) : channel.write(vector, 0, count);
    }

    private void add(Exchange exchange, int skip) {
        int start = headers.position();
        header(exchange);
        int length = headers.position() - start;
        exchange.replyLength = length + exchange.payload;
        int skipPayload = 0;
        if (skip > 0) {
            segmentStart = start + Math.min(skip, length);
            skipPayload = Math.max(0, skip - length);
        }
        if (exchange.payload > skipPayload) {
            endSegment();
            ByteBuffer payload = exchange.data.bytes();
            payload.limit(exchange.dataOffset + exchange.payload).position(exchange.dataOffset + skipPayload);
            vector[count++] = payload;
        }
    }

    private void endSegment() {
        int end = headers.position();
        if (end > segmentStart) {
            ByteBuffer segment = segments[segmentCount++];
            segment.limit(end).position(segmentStart);
            vector[count++] = segment;
            segmentStart = end;
        }
    }

    private void header(Exchange exchange) {
        if (!exchange.chunked) {
            headers.putInt(SIMPLE_REPLY_MAGIC).putInt(exchange.error).putLong(exchange.cookie);
        } else if (exchange.error != NbdWire.OK) {
            byte[] text = ErrorText.of(exchange.error);
            chunk(exchange, REPLY_TYPE_ERROR, ERROR_BODY + text.length);
            headers.putInt(exchange.error).putShort((short) text.length).put(text);
        } else if (exchange.command == CMD_BLOCK_STATUS) {
            chunk(exchange, REPLY_TYPE_BLOCK_STATUS, exchange.payload);
        } else if (exchange.payload == 0) {
            chunk(exchange, REPLY_TYPE_NONE, 0);
        } else {
            chunk(exchange, REPLY_TYPE_OFFSET_DATA, Long.BYTES + exchange.payload);
            headers.putLong(exchange.offset);
        }
    }

    private void chunk(Exchange exchange, int type, int length) {
        headers.putInt(CHUNK_MAGIC)
                .putShort((short) REPLY_FLAG_DONE)
                .putShort((short) type)
                .putLong(exchange.cookie)
                .putInt(length);
    }

    /** What people read in a client's message. Made before the first error, so that errors cost nothing. */
    private static final class ErrorText {
        private static final byte[] PERMISSION = text("this export is read-only");
        private static final byte[] IO = text("the disk failed, or the way to it");
        private static final byte[] INVALID = text("the request is malformed or beyond the end of the disk");
        private static final byte[] OTHER = text("the request failed");

        static byte[] of(int error) {
            return switch (error) {
                case NbdWire.EPERM -> PERMISSION;
                case NbdWire.EIO -> IO;
                case NbdWire.EINVAL -> INVALID;
                default -> OTHER;
            };
        }

        private static byte[] text(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
            if (CHUNK_LENGTH + ERROR_BODY + bytes.length > MOST_HEADER) {
                throw new IllegalStateException("too long for a header: " + text);
            }
            return bytes;
        }
    }
}
