package io.lockstep.redirect.path.iscsi;

/** Commands that ended while the session moved bytes, in that order. They are looked at afterwards: a new one must not be sent from within. */
final class EndedCommands {
    private final int[] slots;
    private final int[] statuses;
    private final int[] senses;
    private int count;

    EndedCommands(int capacity) {
        slots = new int[capacity];
        statuses = new int[capacity];
        senses = new int[capacity];
    }

    void add(int slot, int status, int sense) {
        slots[count] = slot;
        statuses[count] = status;
        senses[count] = sense;
        count++;
    }

    int count() {
        return count;
    }

    int slot(int index) {
        return slots[index];
    }

    int status(int index) {
        return statuses[index];
    }

    int sense(int index) {
        return senses[index];
    }

    void clear() {
        count = 0;
    }
}
