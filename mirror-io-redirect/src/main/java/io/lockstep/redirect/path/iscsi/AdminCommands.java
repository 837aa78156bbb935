package io.lockstep.redirect.path.iscsi;

import io.lockstep.nativeio.IscsiSession.Direction;
import io.lockstep.redirect.block.BlockFault;
import java.io.IOException;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Commands about the unit rather than its content, one at a time: lay it out in {@link #cdb}, its data in {@link #data}, run it.
 *
 * <p>Threading: the worker's thread, which waits for the end and moves other commands meanwhile.
 */
interface AdminCommands {
    /** Where the command is laid out, from {@link #cdbAt} on. */
    UnsafeBuffer cdb();

    /** Where in {@link #cdb}. */
    int cdbAt();

    /** The command's data, from 0 on. */
    UnsafeBuffer data();

    /**
     * Sends the command and waits for its end.
     *
     * @throws IOException if there is no answer in time, or the session is lost
     */
    BlockFault run(String what, Direction direction, int length) throws IOException;

    /**
     * Aborts every command the unit has, of all initiators (LOGICAL UNIT RESET, SAM-5); reservations stay.
     *
     * @throws IOException if the target does not say that it did
     */
    void resetUnit() throws IOException;

    /** What the last command ended with, for people. */
    String lastOutcome();

    /** As {@link #run}, and anything but success is an error. */
    default void require(String what, Direction direction, int length) throws IOException {
        if (run(what, direction, length) != BlockFault.NONE) {
            throw new IOException(what + " failed: " + lastOutcome());
        }
    }
}
