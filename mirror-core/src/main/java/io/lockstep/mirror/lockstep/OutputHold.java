package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.spi.LockstepMachine;
import io.lockstep.mirror.spi.LockstepMachine.OutputHandler;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Outputs that wait, in order. Positions are bytes of output since the session began: how a machine's bytes are cut into pieces depends on
 * when they are drained, their order does not, so both sides count alike.
 *
 * <pre>
 *   primary     hold --> [ piece | piece ] --released when the log up to its position is acknowledged--> port
 *   secondary   hold --> [ piece | piece ] --forgotten when the primary has released it; the rest is said at go-live
 * </pre>
 *
 * Threading: one thread. No allocation.
 */
final class OutputHold {
    private static final int REQUIRED = 0;
    private static final int COUNT = 8;
    private static final int CHANNEL = 16;
    private static final int LENGTH = 20;
    private static final int SKIPPED = 24;
    private static final int HEADER = 32;
    /** Longest piece; a machine with longer ones is not mirrored. */
    private static final int MAX_PIECE = 1 << 16;

    private final RecordRing ring;
    private final OutputHandler handler = this::hold;
    private long required;
    private long held;
    private long released;
    private long forgetTo;
    private long pieces;

    OutputHold(int capacity) {
        ring = new RecordRing(capacity);
    }

    /** Takes all that the machine said; false if there was not room for all of it. */
    boolean drain(LockstepMachine machine, long requiredPosition) {
        required = requiredPosition;
        while (ring.fits(1, HEADER + MAX_PIECE)) {
            int limit = 1;
            while (limit < 16 && ring.fits(limit + 1, HEADER + MAX_PIECE)) {
                limit++;
            }
            if (machine.drainOutput(handler, limit) < limit) {
                return true;
            }
        }
        return false;
    }

    private void hold(long count, int channel, DirectBuffer source, int offset, int length) {
        if (length > MAX_PIECE) {
            throw new IllegalStateException(
                    "output of " + length + " bytes on channel " + channel + ", limit " + MAX_PIECE);
        }
        int known = (int) Math.max(0, Math.min(length, forgetTo - held));
        held += length;
        if (known == length) {
            released = held;
            return;
        }
        if (known > 0) {
            released += known;
        }
        int kept = length - known;
        int at = ring.append(HEADER + kept);
        UnsafeBuffer to = ring.buffer();
        to.putLong(at + REQUIRED, required);
        to.putLong(at + COUNT, count);
        to.putInt(at + CHANNEL, channel);
        to.putInt(at + LENGTH, kept);
        to.putInt(at + SKIPPED, 0);
        to.putBytes(at + HEADER, source, offset + known, kept);
        pieces++;
    }

    /** Lets out what the acknowledged part of the log covers, as much as the port takes; returns how many pieces. */
    int release(long acknowledged, OutputPort port) {
        int sent = 0;
        while (!ring.isEmpty()) {
            int at = ring.first();
            UnsafeBuffer from = ring.buffer();
            int skipped = from.getInt(at + SKIPPED);
            int length = from.getInt(at + LENGTH) - skipped;
            if (from.getLong(at + REQUIRED) > acknowledged
                    || !port.offer(
                            from.getLong(at + COUNT), from.getInt(at + CHANNEL), from, at + HEADER + skipped, length)) {
                break;
            }
            removeFirst(length);
            sent++;
        }
        return sent;
    }

    /** The primary has released everything before that position. */
    void forget(long position) {
        forgetTo = Math.max(forgetTo, position);
        while (!ring.isEmpty() && released < forgetTo) {
            int at = ring.first();
            int skipped = ring.buffer().getInt(at + SKIPPED);
            int length = ring.buffer().getInt(at + LENGTH) - skipped;
            int known = (int) Math.min(length, forgetTo - released);
            if (known < length) {
                ring.buffer().putInt(at + SKIPPED, skipped + known);
                released += known;
            } else {
                removeFirst(length);
            }
        }
    }

    private void removeFirst(int length) {
        ring.removeFirst();
        released += length;
        pieces--;
    }

    /** A session begins: positions start at 0. Legal only while nothing waits. */
    void restart() {
        if (!ring.isEmpty()) {
            throw new IllegalStateException("session begun with " + pieces + " outputs held");
        }
        held = 0;
        released = 0;
        forgetTo = 0;
    }

    boolean isEmpty() {
        return ring.isEmpty();
    }

    long pieces() {
        return pieces;
    }

    long heldPosition() {
        return held;
    }

    long releasedPosition() {
        return released;
    }
}
