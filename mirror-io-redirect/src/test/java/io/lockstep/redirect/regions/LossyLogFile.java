package io.lockstep.redirect.regions;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;

/** A region log in memory with its thread: loses, at a power cut, any of what was not made durable, and fails when told to. */
public final class LossyLogFile implements LogFile, Executor {
    private static final int SECTOR = 512;

    private record Unsafe(int offset, ByteBuffer bytes) {}

    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final List<Unsafe> unsafe = new ArrayList<>();
    private byte[] stable;
    private String failure = "";
    private boolean forgetsMarks;

    /** A log that does not exist yet. */
    public LossyLogFile() {
        this(new byte[0]);
    }

    LossyLogFile(byte[] content) {
        stable = content;
    }

    /** What is on the medium: changes are seen by the next open. */
    public byte[] content() {
        return stable;
    }

    /** From now on every write fails with this text; empty: no more. */
    public void failWith(String text) {
        failure = text;
    }

    /** A mistake for tests of tests: says that it is durable, but is not. */
    public void forgetMarks() {
        forgetsMarks = true;
    }

    /** Runs what the log's thread would. */
    public void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    /** True if the log's thread has something to do. */
    public boolean hasTasks() {
        return !tasks.isEmpty();
    }

    /** What is left after a power cut: of what was not synced any part, sectors torn in the middle included. */
    public LossyLogFile afterPowerCut(Random random) {
        for (Unsafe write : unsafe) {
            for (int at = 0; at < write.bytes.capacity(); at += SECTOR) {
                int fate = random.nextInt(10);
                int length = fate < 4 ? 0 : fate < 9 ? SECTOR : random.nextInt(SECTOR);
                write.bytes.get(at, stable, write.offset + at, length);
            }
        }
        return new LossyLogFile(stable.clone());
    }

    /** What is left after the process was killed: everything written so far, but not all of it is safe from a power cut yet. */
    public LossyLogFile afterKill() {
        LossyLogFile left = new LossyLogFile(stable.clone());
        left.unsafe.addAll(unsafe);
        return left;
    }

    private void applyAll() {
        for (Unsafe write : unsafe) {
            write.bytes.get(0, stable, write.offset, write.bytes.capacity());
        }
        unsafe.clear();
    }

    private void check() throws IOException {
        if (!failure.isEmpty()) {
            throw new IOException(failure);
        }
    }

    @Override
    public long size() {
        return stable.length;
    }

    @Override
    public void read(ByteBuffer into, long offset) {
        byte[] seen = stable.clone();
        for (Unsafe write : unsafe) {
            write.bytes.get(0, seen, write.offset, write.bytes.capacity());
        }
        into.put(seen, (int) offset, into.remaining());
    }

    @Override
    public void create(ByteBuffer content) throws IOException {
        check();
        stable = new byte[content.remaining()];
        content.get(stable);
    }

    @Override
    public void write(ByteBuffer from, long offset) throws IOException {
        byte[] bytes = new byte[from.remaining()];
        from.get(bytes);
        if (offset + bytes.length > stable.length) {
            throw new IOException(
                    "a write to " + (offset + bytes.length) + " lets a log of " + stable.length + " grow");
        }
        if (!forgetsMarks || offset < LogLayout.BITMAP_AT) {
            unsafe.add(new Unsafe((int) offset, ByteBuffer.wrap(bytes)));
        }
        check();
    }

    @Override
    public void sync() throws IOException {
        check();
        applyAll();
    }

    @Override
    public void close() {}

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public String toString() {
        return "test.regions";
    }
}
