package io.lockstep.transport.tcp;

/** A finished handshake: two connections of one session. */
record Established(Greeting bulk, Greeting control, long session, String peerHost) {
    void close() {
        bulk.close();
        control.close();
    }
}
