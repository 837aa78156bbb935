package io.lockstep.host.load;

/** An acknowledged write was lost, repeated or changed. */
public final class WrongAnswerException extends Exception {
    private static final long serialVersionUID = 1L;

    WrongAnswerException(String message) {
        super(message);
    }
}
