package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.record.RecordFault;
import io.lockstep.mirror.spi.LockstepMachine;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Puts a checkpoint into a fresh machine, record by record, and compares at its end. One thread. */
final class CheckpointLoad {
    private final LockstepMachine machine;
    private final int maxLagBytes;
    private final UnsafeBuffer state;
    private boolean begun;
    private int stateLength;

    CheckpointLoad(LockstepMachine machine, int maxLagBytes) {
        this.machine = machine;
        this.maxLagBytes = maxLagBytes;
        this.state = new UnsafeBuffer(new byte[machine.maxStateBytes()]);
    }

    /** Takes one record; true if it was the last one and the machine is complete. */
    boolean record(int type, DirectBuffer buffer, int at, int length) {
        if (type != LogDescriptor.CHECKPOINT && !begun) {
            throw new RecordFault("record of type " + type + " before a checkpoint");
        }
        switch (type) {
            case LogDescriptor.CHECKPOINT -> begin(buffer, at);
            case LogDescriptor.PAGE -> page(buffer, at, length);
            case LogDescriptor.STATE -> state(buffer, at, length);
            case LogDescriptor.CHECKPOINT_END -> {
                end();
                return true;
            }
            default -> throw new RecordFault("record of type " + type + " inside a checkpoint");
        }
        return false;
    }

    private void begin(DirectBuffer buffer, int at) {
        if (begun) {
            throw new RecordFault("a second checkpoint in one session");
        }
        equal(
                "pages of the primary's machine",
                value(buffer, at, 0),
                machine.memory().pageCount());
        equal("largest state of the primary's machine", value(buffer, at, 1), machine.maxStateBytes());
        long lag = value(buffer, at, 2);
        if (lag < 0 || lag > maxLagBytes) {
            throw new RecordFault("maxLagBytes of the primary is " + lag + ", limit " + maxLagBytes);
        }
        begun = true;
    }

    private static void equal(String what, long value, long own) {
        if (value != own) {
            throw new RecordFault(what + " is " + value + ", this side has " + own);
        }
    }

    private void page(DirectBuffer buffer, int at, int length) {
        long page = value(buffer, at, 0);
        if (page < 0 || page >= machine.memory().pageCount()) {
            throw new RecordFault(
                    "page is " + page + ", limit " + machine.memory().pageCount());
        }
        if (length == Long.BYTES) {
            machine.memory().zero(page);
        } else {
            machine.memory().write(page, buffer, at + Long.BYTES);
        }
        machine.memoryReplaced(page);
    }

    private void state(DirectBuffer buffer, int at, int length) {
        long offset = value(buffer, at, 0);
        int bytes = length - Long.BYTES;
        if (offset != stateLength || bytes > state.capacity() - stateLength) {
            throw new RecordFault("piece of state of " + bytes + " bytes is at " + offset + ", expected at "
                    + stateLength + ", limit " + state.capacity());
        }
        state.putBytes(stateLength, buffer, at + Long.BYTES, bytes);
        stateLength += bytes;
    }

    private void end() {
        try {
            machine.loadState(state, 0, stateLength);
        } catch (IllegalArgumentException notAState) {
            throw new RecordFault("the checkpoint's state does not load: " + notAState.getMessage());
        }
    }

    private static long value(DirectBuffer buffer, int at, int index) {
        return buffer.getLong(at + index * Long.BYTES, LogDescriptor.ORDER);
    }
}
