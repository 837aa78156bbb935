package io.lockstep.redirect.route;

/**
 * Is told what happens to a redirected disk. All methods do nothing unless overridden.
 *
 * <p>Threading: called on the stack's thread; must not block, nor call the device back.
 */
public interface RedirectListener {
    /** Takes the confirmation that copies were marked stale. */
    @FunctionalInterface
    interface StaleMarked {
        /** {@code problem} is empty if the mark survives a power cut. Within the call that asks, or later, on the stack's thread. */
        void onMarked(String problem);
    }

    /** The disk's state changed. */
    default void onState(DeviceState from, DeviceState to, String reason) {}

    /** A path's state changed. */
    default void onPath(String path, PathState from, PathState to, String reason) {}

    /** A move to another path is over: the first request was completed through it. */
    default void onReroute(Reroute receipt) {}

    /**
     * The copy behind path {@code stale} misses what is written through {@code survivor} from now on. To be remembered durably with the
     * generation before {@code marked} is called; no write that was in doubt is answered before. Asked only under {@code MARK_STALE}.
     */
    default void onStale(String stale, String survivor, long generation, StaleMarked marked) {
        marked.onMarked("nobody keeps track of stale copies");
    }
}
