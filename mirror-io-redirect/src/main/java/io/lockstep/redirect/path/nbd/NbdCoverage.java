package io.lockstep.redirect.path.nbd;

/**
 * Which bytes of a read have come. A server may send them in pieces and in any order, but each byte once: a reply that leaves one out would
 * hand old memory to the guest. Bounded: a reply that is torn into too many separate pieces is refused.
 */
final class NbdCoverage {
    private static final int MAX_PIECES = 32;

    private final int[] from = new int[MAX_PIECES];
    private final int[] to = new int[MAX_PIECES];
    private int pieces;

    void clear() {
        pieces = 0;
    }

    /** Adds a piece that is not empty; false if one of its bytes has come before or there are too many pieces. */
    boolean add(int begin, int end) {
        int at = pieces;
        while (at > 0 && from[at - 1] >= end) {
            at--;
        }
        // Everything from `at` on lies behind the new piece; what is before must end before it.
        if (at > 0 && to[at - 1] > begin) {
            return false;
        }
        boolean joinsLeft = at > 0 && to[at - 1] == begin;
        boolean joinsRight = at < pieces && from[at] == end;
        if (joinsLeft && joinsRight) {
            to[at - 1] = to[at];
            remove(at);
        } else if (joinsLeft) {
            to[at - 1] = end;
        } else if (joinsRight) {
            from[at] = begin;
        } else {
            return insert(at, begin, end);
        }
        return true;
    }

    private boolean insert(int at, int begin, int end) {
        if (pieces == MAX_PIECES) {
            return false;
        }
        System.arraycopy(from, at, from, at + 1, pieces - at);
        System.arraycopy(to, at, to, at + 1, pieces - at);
        from[at] = begin;
        to[at] = end;
        pieces++;
        return true;
    }

    private void remove(int at) {
        pieces--;
        System.arraycopy(from, at + 1, from, at, pieces - at);
        System.arraycopy(to, at + 1, to, at, pieces - at);
    }

    /** True if every byte from 0 to {@code length} has come. */
    boolean isComplete(int length) {
        return length == 0 || (pieces == 1 && from[0] == 0 && to[0] == length);
    }
}
