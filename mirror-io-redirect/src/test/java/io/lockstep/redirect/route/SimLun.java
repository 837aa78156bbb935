package io.lockstep.redirect.route;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** A LUN that several {@link SimPath}s lead to. Each block holds a number; it knows the newest generation, if it is told to. */
final class SimLun {
    static final int BLOCK = 512;

    final boolean enforces;
    private final long[] content;
    private long[] durable;
    private long fence;

    SimLun(int blocks, boolean enforces) {
        this.enforces = enforces;
        content = new long[blocks];
        durable = new long[blocks];
    }

    int blocks() {
        return content.length;
    }

    long block(int number) {
        return content[number];
    }

    long durable(int number) {
        return durable[number];
    }

    boolean admits(long generation) {
        return !enforces || generation >= fence;
    }

    void fence(long generation) {
        fence = Math.max(fence, generation);
    }

    void write(int first, int count, DirectBuffer from, int at) {
        for (int i = 0; i < count; i++) {
            content[first + i] = from.getLong(at + i * BLOCK);
        }
    }

    void zero(int first, int count) {
        for (int i = 0; i < count; i++) {
            content[first + i] = 0;
        }
    }

    void read(int first, int count, MutableDirectBuffer to, int at) {
        for (int i = 0; i < count; i++) {
            to.putLong(at + i * BLOCK, content[first + i]);
        }
    }

    void flush() {
        durable = content.clone();
    }
}
