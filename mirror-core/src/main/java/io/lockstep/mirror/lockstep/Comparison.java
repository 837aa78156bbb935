package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.spi.LockstepMachine;
import org.agrona.DirectBuffer;

/**
 * Compares the secondary's machine with the primary's digests. Keeps the digest that each page should have, so that a page that differs
 * has a name, and so that a page nobody writes to is looked at from time to time too. 8 bytes per page. One thread. No allocation but for errors.
 */
final class Comparison {
    private static final int ENTRY = 16;

    private final LockstepMachine machine;
    private final int scrubPages;
    private final long[] expected;
    private int cursor;

    Comparison(LockstepMachine machine, int scrubPages) {
        this.machine = machine;
        this.scrubPages = scrubPages;
        this.expected = new long[Math.toIntExact(machine.memory().pageCount())];
    }

    /** Compares a complete checkpoint; its pages are the ones to expect from now on. */
    Divergence checkpoint(DirectBuffer buffer, int at) {
        for (int page = 0; page < expected.length; page++) {
            expected[page] = machine.pageDigest(page);
        }
        return digests(buffer, at);
    }

    /** Takes what the primary says about pages; -1, or the first one that does not exist. */
    long pages(DirectBuffer buffer, int at, int length) {
        for (int i = 0; i < length; i += ENTRY) {
            long page = buffer.getLong(at + i, LogDescriptor.ORDER);
            if (page < 0 || page >= expected.length) {
                return page;
            }
            expected[(int) page] = buffer.getLong(at + i + 8, LogDescriptor.ORDER);
        }
        return -1;
    }

    /** Compares memory and state with the primary's digests; null if they agree. */
    Divergence digests(DirectBuffer buffer, int at) {
        long state = buffer.getLong(at, LogDescriptor.ORDER);
        long memory = buffer.getLong(at + 8, LogDescriptor.ORDER);
        long ownMemory = machine.memoryDigest();
        Divergence found = memory == ownMemory ? pages(scrubPages) : pages(expected.length);
        if (found != null) {
            return found;
        }
        if (memory != ownMemory) {
            return new Divergence(Divergence.What.MEMORY, machine.instructionCount(), -1, memory, ownMemory);
        }
        long ownState = machine.stateDigest();
        return state == ownState
                ? null
                : new Divergence(Divergence.What.STATE, machine.instructionCount(), -1, state, ownState);
    }

    private Divergence pages(int many) {
        for (int i = Math.min(many, expected.length); i > 0; i--) {
            int page = cursor;
            cursor = (cursor + 1) % expected.length;
            long actual = machine.pageDigest(page);
            if (actual != expected[page]) {
                return new Divergence(Divergence.What.MEMORY, machine.instructionCount(), page, expected[page], actual);
            }
        }
        return null;
    }
}
