package io.lockstep.redirect.path.nbd;

/** The server did what the protocol or this client does not allow, or left. The message is for people. Never leaves the package. */
final class NbdBreach extends Exception {
    private static final long serialVersionUID = 1L;

    NbdBreach(String what) {
        super(what);
    }
}
