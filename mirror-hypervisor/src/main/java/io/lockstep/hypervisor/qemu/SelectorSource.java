package io.lockstep.hypervisor.qemu;

import java.nio.channels.Selector;

/** Something a host polls, that can tell a selector when polling is worthwhile. */
public interface SelectorSource {
    /**
     * Registers the channels that exist now, or updates what is waited for. Channels come and go while a guest starts or activates,
     * so call it before each select; it costs nothing when nothing changed. Progress without a channel (memory being reserved, a
     * process ending) needs a poll now and then all the same.
     */
    void register(Selector selector);
}
