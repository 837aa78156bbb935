package io.lockstep.redirect.copies;

/** Is told what happens to a mirrored disk, on the stack's thread. */
public interface MirrorListener {
    /** The disk as a whole changed. */
    void onPhase(MirrorPhase from, MirrorPhase to, String reason);

    /** A copy changed. */
    void onCopy(String copy, CopyStatus from, CopyStatus to, String reason);
}
