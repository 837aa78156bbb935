package io.lockstep.redirect.nbd;

import java.io.IOException;

/** A client broke the protocol: its connection ends with this reason. */
final class ProtocolViolation extends IOException {
    private static final long serialVersionUID = 1;

    ProtocolViolation(String reason) {
        super(reason);
    }
}
