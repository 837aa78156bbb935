package io.lockstep.redirect.block;

/**
 * A fixed number of requests.
 *
 * <p>Threading: the stack's thread.
 */
public final class RequestPool {
    private final BlockRequest[] free;
    private int count;

    /** That many requests, with ids from 0 on. */
    public RequestPool(int capacity) {
        free = new BlockRequest[capacity];
        for (int i = capacity - 1; i >= 0; i--) {
            free[count++] = new BlockRequest(i);
        }
    }

    /** A request that nobody uses, or null. */
    public BlockRequest acquire() {
        return count == 0 ? null : free[--count];
    }

    /** Requests that nobody uses. */
    public int available() {
        return count;
    }

    /** Gives a request back that has ended or was never submitted. */
    public void release(BlockRequest request) {
        if (count == free.length) {
            throw new IllegalStateException("request " + request + " is given back to a pool that is full");
        }
        free[count++] = request;
    }
}
