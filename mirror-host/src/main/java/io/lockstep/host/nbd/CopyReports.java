package io.lockstep.host.nbd;

import io.lockstep.redirect.copies.CopyStatus;
import io.lockstep.redirect.copies.MirrorListener;
import io.lockstep.redirect.copies.MirrorPhase;
import io.lockstep.redirect.copies.MirrorStatus;
import io.lockstep.redirect.copies.MirroredDevice;
import io.lockstep.redirect.copies.VerifyReport;
import java.util.function.Consumer;

/**
 * Says what becomes of the copies, how far a resync is, and what a comparison found; starts comparisons when they are due.
 *
 * <p>Threading: the stack's thread.
 */
final class CopyReports implements MirrorListener {
    private static final long PROGRESS_NS = 1_000_000_000L;

    private final long verifyEveryNs;
    private final Consumer<String> log;
    private long progressAtNs = Long.MIN_VALUE;
    private long verifyAtNs = Long.MIN_VALUE;
    private boolean verifying;
    private boolean resyncing;

    /** Compares every {@code verifyEveryNs}, for the first time when both copies are in use; 0: never. */
    CopyReports(long verifyEveryNs, Consumer<String> log) {
        this.verifyEveryNs = verifyEveryNs;
        this.log = log;
    }

    @Override
    public void onPhase(MirrorPhase from, MirrorPhase to, String reason) {
        resyncing = to == MirrorPhase.RESYNCING;
        log.accept("mirror: " + from + " -> " + to + " (" + reason + ")");
    }

    @Override
    public void onCopy(String copy, CopyStatus from, CopyStatus to, String reason) {
        log.accept("copy " + copy + ": " + from + " -> " + to + " (" + reason + ")");
    }

    void doWork(MirroredDevice mirror, long nowNs) {
        if (resyncing && isDue(progressAtNs, nowNs)) {
            progressAtNs = nowNs + PROGRESS_NS;
            MirrorStatus status = mirror.status();
            log.accept("resync: " + (status.resyncDoneBytes() >> 10) + " KiB done, " + (status.resyncLeftBytes() >> 10)
                    + " KiB left");
        }
        if (verifying && mirror.verifyReport().state() != VerifyReport.State.RUNNING) {
            verifying = false;
            log.accept("verify: " + text(mirror.verifyReport()));
        } else if (!verifying && verifyEveryNs > 0 && isDue(verifyAtNs, nowNs) && mirror.startVerify()) {
            verifying = true;
            verifyAtNs = nowNs + verifyEveryNs;
            log.accept("verify: started");
        }
    }

    private static boolean isDue(long atNs, long nowNs) {
        return atNs == Long.MIN_VALUE || nowNs - atNs >= 0;
    }

    private static String text(VerifyReport report) {
        return switch (report.state()) {
            case EQUAL -> "the copies are equal, " + report.comparedBytes() + " bytes";
            case DIFFERENT ->
                "THE COPIES DIFFER at offset " + report.differenceOffset() + ", " + report.differenceBytes()
                        + " bytes; say which one is right";
            default -> report.state() + " after " + report.comparedBytes() + " bytes: " + report.reason();
        };
    }
}
