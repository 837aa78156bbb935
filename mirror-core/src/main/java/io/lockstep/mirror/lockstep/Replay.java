package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.record.RecordFault;
import io.lockstep.mirror.spi.LockstepMachine;
import io.lockstep.mirror.spi.LockstepMachine.Stop;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The records received and not executed yet, and their execution: to the count of the oldest one, never past it, then what it says. One
 * thread. No allocation but for errors.
 */
final class Replay {
    private static final int PREFIX = 16;
    private static final int TYPE = 0;
    private static final int CHANNEL = 4;
    private static final int COUNT = 8;

    private final LockstepMachine machine;
    private final OutputHold held;
    private final Comparison comparison;
    private final RecordRing ring;
    private final int maxLagBytes;
    private long applied;
    private long waiting;
    private long inputs;

    Replay(LockstepMachine machine, OutputHold held, Comparison comparison, int maxLagBytes) {
        this.machine = machine;
        this.held = held;
        this.comparison = comparison;
        this.maxLagBytes = maxLagBytes;
        // The smallest records take twice their space in the log, and the end of the buffer may stay unused.
        ring = new RecordRing(4 * maxLagBytes);
    }

    /** The checkpoint is loaded; the log goes on from this position. */
    void start(long position) {
        applied = position;
    }

    /** Keeps a record that was received. */
    void add(int type, int channel, long count, DirectBuffer buffer, int bodyOffset, int bodyLength) {
        int space = LogDescriptor.space(bodyLength);
        if (waiting + space > maxLagBytes) {
            throw new RecordFault(
                    "log that is not executed yet is " + (waiting + space) + " bytes, limit " + maxLagBytes);
        }
        int at = ring.append(PREFIX + Integer.BYTES + bodyLength);
        UnsafeBuffer to = ring.buffer();
        to.putInt(at + TYPE, type);
        to.putInt(at + CHANNEL, channel);
        to.putLong(at + COUNT, count);
        to.putInt(at + PREFIX, bodyLength);
        to.putBytes(at + PREFIX + Integer.BYTES, buffer, bodyOffset, bodyLength);
        waiting += space;
    }

    /**
     * Executes, at most that many instructions; returns null, or what differs.
     *
     * @throws RecordFault if the machine does not take what the log says
     */
    Divergence execute(long budget) {
        long end = machine.instructionCount() + budget;
        while (held.drain(machine, 0) && !ring.isEmpty()) {
            int at = ring.first();
            long target = ring.buffer().getLong(at + COUNT);
            long before = machine.instructionCount();
            if (before < target) {
                Stop stop = machine.run(Math.min(target, end));
                long count = machine.instructionCount();
                if (count > target) {
                    throw new RecordFault(
                            "the machine has executed " + count + " instructions, the log allows " + target);
                }
                if (count < target && (stop == Stop.IDLE || stop == Stop.ENDED)) {
                    return new Divergence(Divergence.What.EXECUTION, count, -1, target, count);
                }
                if (count < target && count >= end) {
                    return null;
                }
                continue; // to take the outputs before anything else happens
            }
            Divergence found = apply(at);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private Divergence apply(int at) {
        UnsafeBuffer from = ring.buffer();
        int length = from.getInt(at + PREFIX);
        int body = at + PREFIX + Integer.BYTES;
        Divergence found = null;
        switch (from.getInt(at + TYPE)) {
            case LogDescriptor.EVENT -> inject(from.getInt(at + CHANNEL), from, body, length);
            case LogDescriptor.PAGES -> {
                long none = comparison.pages(from, body, length);
                if (none != -1) {
                    throw new RecordFault("page in a digest is " + none + ", limit "
                            + machine.memory().pageCount());
                }
            }
            case LogDescriptor.DIGEST -> found = comparison.digests(from, body);
            default -> {
                // progress: the count alone
            }
        }
        ring.removeFirst();
        applied += LogDescriptor.space(length);
        waiting -= LogDescriptor.space(length);
        return found;
    }

    private void inject(int channel, UnsafeBuffer from, int body, int length) {
        if (!machine.accepts(channel, length)) {
            throw new RecordFault("event of " + length + " bytes on channel " + channel + " at instruction "
                    + machine.instructionCount() + ", position " + applied + ", is not accepted by the machine");
        }
        machine.inject(channel, from, body, length);
        if (channel != LockstepMachine.CLOCK) {
            inputs++;
        }
    }

    /** True if everything received is executed. */
    boolean isAtEnd() {
        return ring.isEmpty();
    }

    /** Log position up to which everything is executed. */
    long applied() {
        return applied;
    }

    /** Bytes of log that wait. */
    long waiting() {
        return waiting;
    }

    /** Events injected so far, without the clock's. */
    long inputs() {
        return inputs;
    }
}
