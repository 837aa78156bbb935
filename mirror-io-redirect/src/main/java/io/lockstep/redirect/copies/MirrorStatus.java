package io.lockstep.redirect.copies;

/**
 * A look at a mirrored disk.
 *
 * @param phase what it is doing
 * @param reason why
 * @param first status of the first copy
 * @param firstReason why
 * @param second status of the second copy
 * @param secondReason why
 * @param resyncDoneBytes bytes brought after in this resync
 * @param resyncLeftBytes bytes still to bring, whole regions
 * @param waiting requests that wait for a copy
 */
public record MirrorStatus(
        MirrorPhase phase,
        String reason,
        CopyStatus first,
        String firstReason,
        CopyStatus second,
        String secondReason,
        long resyncDoneBytes,
        long resyncLeftBytes,
        int waiting) {}
