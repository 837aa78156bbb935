package io.lockstep.redirect.copies;

import java.util.ArrayList;
import java.util.List;

/**
 * What each block of a disk may hold. A write counts from its start to its end; an acknowledged one that began after another one had ended
 * replaces it. After a power cut only writes that a later flush covered replace others.
 */
final class DiskModel {
    /** One write to one or more blocks. */
    static final class Write {
        final long value;
        final long startedAt;
        long endedAt = Long.MAX_VALUE;
        boolean acknowledged;
        boolean durable;

        Write(long value, long startedAt) {
            this.value = value;
            this.startedAt = startedAt;
        }

        boolean replaces(Write other, boolean onlyDurable) {
            return acknowledged && (durable || !onlyDurable) && startedAt > other.endedAt;
        }
    }

    private final List<List<Write>> blocks = new ArrayList<>();
    private long time;

    DiskModel(int count) {
        for (int i = 0; i < count; i++) {
            List<Write> history = new ArrayList<>();
            Write empty = new Write(0, 0);
            empty.endedAt = 0;
            empty.acknowledged = true;
            empty.durable = true;
            history.add(empty);
            blocks.add(history);
        }
    }

    long now() {
        return ++time;
    }

    Write begin(int from, int count, long value) {
        Write write = new Write(value, now());
        for (int i = 0; i < count; i++) {
            blocks.get(from + i).add(write);
        }
        return write;
    }

    void end(Write write, boolean acknowledged) {
        write.endedAt = now();
        write.acknowledged = acknowledged;
    }

    /** A flush that began at {@code since} was acknowledged. */
    void flushed(long since) {
        for (List<Write> history : blocks) {
            for (Write write : history) {
                write.durable |= write.acknowledged && write.endedAt < since;
            }
            history.removeIf(old -> history.stream().anyMatch(one -> one.replaces(old, true)));
        }
    }

    /** Values a block may hold now. */
    List<Write> allowed(int block, boolean afterPowerCut) {
        List<Write> history = blocks.get(block);
        return history.stream()
                .filter(old -> history.stream().noneMatch(one -> one.replaces(old, afterPowerCut)))
                .toList();
    }

    /** Everything on its way ends with the process; what was found afterwards is what the block holds. */
    void crashed() {
        for (List<Write> history : blocks) {
            for (Write write : history) {
                if (write.endedAt == Long.MAX_VALUE) {
                    write.endedAt = now();
                }
            }
        }
    }

    boolean startedSince(int block, long value, long since) {
        return blocks.get(block).stream().anyMatch(one -> one.value == value && one.startedAt >= since);
    }
}
