package io.lockstep.redirect.nbd;

/** A client's replies that are not sent yet, oldest first. Fixed capacity: the requests it may have. */
final class ReplyQueue {
    private final Exchange[] ring;
    private int head;
    private int size;

    ReplyQueue(int capacity) {
        ring = new Exchange[Integer.highestOneBit(Math.max(1, capacity - 1)) << 1];
    }

    int size() {
        return size;
    }

    Exchange get(int index) {
        return ring[(head + index) & (ring.length - 1)];
    }

    void add(Exchange exchange) {
        if (size == ring.length) {
            throw new IllegalStateException("more replies than a client may have requests: " + size);
        }
        ring[(head + size) & (ring.length - 1)] = exchange;
        size++;
    }

    Exchange removeFirst() {
        Exchange first = get(0);
        ring[head] = null;
        head = (head + 1) & (ring.length - 1);
        size--;
        return first;
    }
}
