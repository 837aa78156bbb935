package io.lockstep.host.control;

import java.io.IOException;

/** A host answered a request with an error, or did not answer in time. */
public final class ControlException extends IOException {
    private static final long serialVersionUID = 1L;

    /** The host's own words, or what went wrong on the way. */
    public ControlException(String message) {
        super(message);
    }
}
