package io.lockstep.mirror;

import io.lockstep.mirror.record.AckLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * How a guest is protected. Times in nanoseconds.
 *
 * @param epochNs aim for the time from one checkpoint to the next
 * @param minEpochNs least time the guest runs between two checkpoints, when output waits
 * @param maxEpochNs most time between two checkpoints, when the link is behind
 * @param epochsInFlight captured epochs that may wait for their acknowledgement
 * @param heartbeatNs from one heartbeat to the next
 * @param detectNs silence that raises suspicion
 * @param leaseNs the primary releases output only within this time after a heartbeat that the secondary answered; shorter than
 *     {@code detectNs}, so that a primary that was stopped stops releasing before the secondary takes over
 * @param linkFaultGraceNs how much later than the primary the secondary claims when only the link is silent
 * @param windowSlots send window in records of 4 KiB, a power of two
 * @param heldOutputBytes room for outputs that wait, a power of two
 * @param compression when to compress pages that have no earlier version
 * @param ackLevel what the secondary must have done with an epoch before the primary lets its outputs out: {@code RECEIVED}: checked, and
 *     all of it in memory; {@code JOURNALED}: besides, its disk writes would survive a power cut of the secondary. Memory and device
 *     state are never on the secondary's disk, so a guest whose two hosts lose power at once is started again from that disk. The same
 *     on both hosts
 */
public record MirrorPolicy(
        long epochNs,
        long minEpochNs,
        long maxEpochNs,
        int epochsInFlight,
        long heartbeatNs,
        long detectNs,
        long leaseNs,
        long linkFaultGraceNs,
        int windowSlots,
        int heldOutputBytes,
        Compression compression,
        AckLevel ackLevel) {

    /** When LZ4 is used. */
    public enum Compression {
        /** Never. */
        OFF,
        /** While the link is measured slower than about 1 GB/s. */
        AUTO,
        /** Always. */
        ON
    }

    private static final long MS = 1_000_000;

    /** Checks every value and reports every error at once. */
    public MirrorPolicy {
        Objects.requireNonNull(compression, "compression");
        Objects.requireNonNull(ackLevel, "ackLevel");
        List<String> errors = new ArrayList<>();
        check(errors, minEpochNs >= MS, "minEpoch", minEpochNs, "at least 1 ms");
        check(errors, epochNs >= minEpochNs, "epoch", epochNs, "at least minEpoch");
        check(errors, maxEpochNs >= epochNs && maxEpochNs <= 10_000 * MS, "maxEpoch", maxEpochNs, "from epoch to 10 s");
        check(errors, epochsInFlight >= 1 && epochsInFlight <= 16, "epochsInFlight", epochsInFlight, "from 1 to 16");
        check(errors, heartbeatNs >= MS, "heartbeat", heartbeatNs, "at least 1 ms");
        check(errors, leaseNs >= 3 * heartbeatNs, "lease", leaseNs, "at least three heartbeats");
        check(
                errors,
                detectNs > leaseNs && detectNs <= 600_000 * MS,
                "detect",
                detectNs,
                "longer than the lease, at most 10 min");
        check(
                errors,
                linkFaultGraceNs >= 3 * detectNs,
                "linkFaultGrace",
                linkFaultGraceNs,
                "at least three times detect");
        check(
                errors,
                powerOfTwo(windowSlots, 64, 1 << 18),
                "windowSlots",
                windowSlots,
                "a power of two from 64 to 262144");
        check(
                errors,
                powerOfTwo(heldOutputBytes, 1 << 19, 1 << 30),
                "heldOutputBytes",
                heldOutputBytes,
                "a power of two from 512 KiB to 1 GiB");
        if (ackLevel == AckLevel.APPLIED) {
            errors.add("ackLevel is APPLIED: must be RECEIVED or JOURNALED");
        }
        if (!errors.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", errors));
        }
    }

    /** At least 40 checkpoints a second, suspicion after 80 ms. */
    public static MirrorPolicy standard() {
        return new MirrorPolicy(
                24 * MS,
                3 * MS,
                500 * MS,
                2,
                10 * MS,
                80 * MS,
                60 * MS,
                400 * MS,
                8192,
                4 << 20,
                Compression.AUTO,
                AckLevel.RECEIVED);
    }

    /**
     * Silence of the secondary after which a primary goes on alone: twice as patient as the secondary is, because nothing but the wait
     * for outputs is lost by waiting, and well before a secondary claims because of a cut link.
     */
    public long partnerDetectNs() {
        return 2 * detectNs;
    }

    /** Silence that ends a copy in progress; long, because nothing depends on it yet and copying is when hosts are busiest. */
    public long copyPatienceNs() {
        return 25 * detectNs;
    }

    private static boolean powerOfTwo(int value, int least, int most) {
        return value >= least && value <= most && Integer.bitCount(value) == 1;
    }

    private static void check(List<String> errors, boolean legal, String key, long value, String allowed) {
        if (!legal) {
            errors.add(key + " is " + value + ": must be " + allowed);
        }
    }
}
