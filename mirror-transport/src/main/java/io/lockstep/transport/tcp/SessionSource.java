package io.lockstep.transport.tcp;

import java.nio.channels.Selector;

/** Where an interconnect's sessions come from: it dials, or it is given them by an acceptor. */
interface SessionSource {
    /** True if {@link #next} is worth calling although a session is up: a newer one replaces it. */
    boolean hasReplacement();

    /** Makes progress; a new session, or null. */
    Established next(long nowNs);

    /** Tells that a session ended, having lived so long. */
    void ended(long nowNs, long livedNs);

    /** Registers what is in handshake; null takes no effect. */
    void register(Selector selector, Object attachment);

    /** When {@link #next} must be called even if no socket is ready; {@link Long#MAX_VALUE} if only then. */
    long nextTimerNs();

    /** Why the last attempt failed; empty if none did since the last session. */
    String problem();

    void close();
}
