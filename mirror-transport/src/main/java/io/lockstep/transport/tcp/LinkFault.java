package io.lockstep.transport.tcp;

import java.io.IOException;

/** Ends a connection; the message is the reason a person reads. */
final class LinkFault extends IOException {
    private static final long serialVersionUID = 1L;

    LinkFault(String reason) {
        super(reason);
    }

    /** The reason behind any exception of a connection. */
    static String text(IOException e) {
        String message = e.getMessage();
        if (e instanceof LinkFault) {
            return message;
        }
        return message == null ? e.getClass().getSimpleName() : message;
    }
}
