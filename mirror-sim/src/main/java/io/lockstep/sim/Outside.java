package io.lockstep.sim;

import io.lockstep.mirror.spi.FramePort;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The world that talks to the guest and remembers all it heard. It knows one guest only; when another host makes it live, everything
 * that was heard must be part of its past.
 */
final class Outside {
    private final World world;
    private final Checker checker;
    private final boolean[] blocked = new boolean[2];
    private SimGuest current;
    private int owner;
    private long heardCounter;
    private long frames;

    Outside(World world, Checker checker) {
        this.world = world;
        this.checker = checker;
    }

    /** The guest that starts it all. */
    void starts(int node, SimGuest guest) {
        owner = node;
        current = guest;
    }

    /** The guest goes live on another host (invariants I1 and I2). */
    SimGuest takenOver(int node, SimGuest before, SimGuest now) {
        if (now.counter() < heardCounter) {
            throw new InvariantViolation(
                    "I1",
                    "the guest goes on at step " + now.counter() + " on node " + node
                            + ", but the outside heard of step " + heardCounter);
        }
        if (before != current) {
            throw new InvariantViolation(
                    "I2",
                    "node " + node + " takes over guest " + before.id() + ", but guest " + current.id()
                            + " is live on node " + owner);
        }
        owner = node;
        current = now;
        world.event("outside: guest " + now.id() + " is live on node " + node + " at step " + now.counter());
        return now;
    }

    SimGuest current() {
        return current;
    }

    /** The node the guest is live on. */
    int owner() {
        return owner;
    }

    long heardCounter() {
        return heardCounter;
    }

    long frames() {
        return frames;
    }

    void block(int node, boolean isBlocked) {
        blocked[node] = isBlocked;
    }

    FramePort port(int node) {
        return new Port(node);
    }

    private void heard(int node, long guest, long counter, long hash) {
        if (guest != current.id() || node != owner) {
            throw new InvariantViolation(
                    "I2",
                    "node " + node + " releases a frame of guest " + guest + " while guest " + current.id()
                            + " is live on node " + owner);
        }
        if (counter > current.counter() || current.hashAt(counter) != hash) {
            throw new InvariantViolation("I1", "a frame of step " + counter + " is not of the live guest's past");
        }
        checker.released(node, counter);
        heardCounter = Math.max(heardCounter, counter);
        frames++;
        world.trace.mix(counter ^ hash);
    }

    private final class Port implements FramePort {
        private final int node;
        private final UnsafeBuffer input = new UnsafeBuffer(new byte[64]);

        Port(int node) {
            this.node = node;
        }

        @Override
        public int poll(Handler handler, int limit) {
            if (!world.chance(100)) {
                return 0;
            }
            input.putLong(0, world.dice.nextLong());
            handler.onFrame(input, 0, 8 + world.dice.nextInt(56));
            return 1;
        }

        @Override
        public boolean offer(DirectBuffer buffer, int offset, int length) {
            if (blocked[node] || world.chance(30)) {
                return false;
            }
            heard(node, buffer.getLong(offset), buffer.getLong(offset + 16), buffer.getLong(offset + 24));
            return true;
        }
    }
}
