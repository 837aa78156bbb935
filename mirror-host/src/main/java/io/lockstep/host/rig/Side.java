package io.lockstep.host.rig;

import java.util.Locale;

/** One of the two hosts. */
public enum Side {
    /** The host that starts the guest. */
    A,
    /** Its partner. */
    B;

    /** The partner. */
    public Side other() {
        return this == A ? B : A;
    }

    /** Name of the host in configurations and messages. */
    public String hostName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
