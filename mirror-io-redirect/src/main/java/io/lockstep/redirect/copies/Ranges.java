package io.lockstep.redirect.copies;

/**
 * Lets those who overlap go one after the other, in the order they came: two copies that get the same writes in different orders would
 * end different.
 */
final class Ranges {
    private final RangeHolder[] holders;
    private int count;
    private int waiting;
    private boolean pumping;
    private boolean again;

    Ranges(int capacity) {
        holders = new RangeHolder[capacity];
    }

    /** Starts the holder, now or when it may. */
    void add(RangeHolder holder) {
        holder.started = false;
        boolean blocked = isHeld(holder.from, holder.to);
        holders[count++] = holder;
        if (blocked) {
            waiting++;
        } else {
            holder.started = true;
            holder.start();
        }
    }

    boolean isHeld(long from, long to) {
        for (int i = 0; i < count; i++) {
            if (holders[i].overlaps(from, to)) {
                return true;
            }
        }
        return false;
    }

    int count() {
        return count;
    }

    RangeHolder at(int index) {
        return holders[index];
    }

    void remove(RangeHolder holder) {
        int index = 0;
        while (holders[index] != holder) {
            index++;
        }
        count--;
        System.arraycopy(holders, index + 1, holders, index, count - index);
        holders[count] = null;
        if (!holder.started) {
            waiting--;
        }
        again = waiting > 0;
        pump();
    }

    /** A start may end at once and remove its holder: then the look begins anew. */
    private void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        while (again) {
            again = false;
            for (int i = 0; i < count && !again; i++) {
                if (!holders[i].started && isFree(i)) {
                    holders[i].started = true;
                    waiting--;
                    holders[i].start();
                }
            }
        }
        pumping = false;
    }

    private boolean isFree(int index) {
        for (int i = 0; i < index; i++) {
            if (holders[i].overlaps(holders[index].from, holders[index].to)) {
                return false;
            }
        }
        return true;
    }
}
