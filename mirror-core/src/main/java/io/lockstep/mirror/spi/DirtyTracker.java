package io.lockstep.mirror.spi;

import io.lockstep.mirror.memory.PageSet;

/**
 * Knows which guest pages were written.
 *
 * <p>Threading: one thread.
 */
public interface DirtyTracker extends AutoCloseable {
    /**
     * Adds every page written since the last harvest to {@code into} and re-arms the tracking of those pages, in this order for each
     * page: re-armed first, so that a write during the call is seen now or at the next harvest, never by neither. From then on the
     * page is the caller's to hand over (invariant I5). The first harvest may report every page.
     *
     * @throws IllegalStateException if the tracker lost count (its kernel facility failed, the guest is gone): the caller must
     *     treat every page as written
     */
    void harvest(PageSet into);

    /** Short name for logs and status, such as {@code "wp-async"}. */
    String name();

    @Override
    void close();
}
