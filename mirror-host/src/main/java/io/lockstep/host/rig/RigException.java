package io.lockstep.host.rig;

/** Something around the two hosts did not come about: a tool failed, a file is missing, an expected state did not appear in time. */
public final class RigException extends Exception {
    private static final long serialVersionUID = 1L;

    /** The message is for people and names what was tried. */
    public RigException(String message) {
        super(message);
    }

    /** With what lies behind it. */
    public RigException(String message, Throwable cause) {
        super(message, cause);
    }
}
