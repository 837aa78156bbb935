package io.lockstep.redirect.regions;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The bytes of a region log. A port: tests put a file in that loses what was not made durable.
 *
 * <p>Threading: opened by one thread, then used by one thread at a time. Calls may block.
 */
public interface LogFile {
    /** Bytes there are; 0: new, nothing is in it. */
    long size() throws IOException;

    /** Fills the buffer from this offset on; all of it exists. */
    void read(ByteBuffer into, long offset) throws IOException;

    /** Makes the file what the buffer holds, durably and as a whole or not at all. Only for a file of size 0. */
    void create(ByteBuffer content) throws IOException;

    /** Writes the whole buffer at this offset; the file does not grow by it. */
    void write(ByteBuffer from, long offset) throws IOException;

    /** Returns when everything written survives a power cut (fdatasync). */
    void sync() throws IOException;

    /** Gives the file back. */
    void close() throws IOException;
}
