package io.lockstep.redirect.epoch;

/** The model was contradicted. */
final class Violation extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Violation(String message) {
        super(message);
    }
}
