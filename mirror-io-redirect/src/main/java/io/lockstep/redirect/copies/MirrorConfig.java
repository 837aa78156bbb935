package io.lockstep.redirect.copies;

/**
 * How a disk is mirrored.
 *
 * @param name the disk's name
 * @param preferred the copy that is read while both are in sync, 0 or 1
 * @param source what to do when the copies' logs do not say which one is newer; has no say when they do
 * @param blockBytes block size promised to clients: a power of two that every copy's block size divides; 0: the copies' own, which must be equal
 * @param queueNs how long requests wait when no copy works, before they fail; 0: they fail at once
 * @param queueLimit most requests that wait then; more fail at once
 * @param stallNs a copy that leaves a request unanswered for so long has failed; 0: the layers below judge that
 * @param probeNs time between two probes of a failed copy
 * @param cleanNs time between two rounds that take marks of finished writes back
 * @param resyncBytesPerSecond most bytes copied or compared in the background in a second
 * @param maxWrites most writes on their way; more wait
 * @param readErrorIsFinal true: a copy that fails a read has failed; false: only that read goes to the other copy
 */
public record MirrorConfig(
        String name,
        int preferred,
        Source source,
        int blockBytes,
        long queueNs,
        int queueLimit,
        long stallNs,
        long probeNs,
        long cleanNs,
        long resyncBytesPerSecond,
        int maxWrites,
        boolean readErrorIsFinal) {
    /** Which copy is right if the logs do not say. */
    public enum Source {
        /** Refuse. */
        REFUSE,
        /** The first one; the second is overwritten. */
        FIRST,
        /** The second one; the first is overwritten. */
        SECOND,
        /** Both, since both are new: they hold the same bytes. */
        EQUAL
    }

    private static final long MS = 1_000_000L;
    private static final int MAX_WRITES = 4096;
    private static final long LEAST_RATE = 1 << 20;

    /** Checks every value. */
    public MirrorConfig {
        require(!name.isEmpty(), "bytes in the name", 0, "more than 0");
        require(preferred == 0 || preferred == 1, "preferred", preferred, "0 or 1");
        require(
                blockBytes == 0 || (Integer.bitCount(blockBytes) == 1 && blockBytes > 0 && blockBytes <= 64 << 10),
                "blockBytes",
                blockBytes,
                "0 or a power of two up to 64 KiB");
        require(queueNs >= 0, "queueNs", queueNs, "0 or more");
        require(queueLimit >= 0, "queueLimit", queueLimit, "0 or more");
        require(stallNs >= 0, "stallNs", stallNs, "0 or more");
        require(probeNs > 0, "probeNs", probeNs, "positive");
        require(cleanNs > 0, "cleanNs", cleanNs, "positive");
        require(resyncBytesPerSecond >= LEAST_RATE, "resyncBytesPerSecond", resyncBytesPerSecond, "1 MiB or more");
        require(maxWrites > 0 && maxWrites <= MAX_WRITES, "maxWrites", maxWrites, "from 1 to " + MAX_WRITES);
    }

    /** Reads the first copy; waits 30 s when no copy works; a stall of 5 s is a failure; resync with 64 MiB/s. */
    public static MirrorConfig of(String name) {
        return new MirrorConfig(
                name, 0, Source.REFUSE, 0, 30_000 * MS, 1024, 5000 * MS, 500 * MS, 2000 * MS, 64L << 20, 128, true);
    }

    /** The same with another answer to copies that do not say which one is newer. */
    public MirrorConfig withSource(Source other) {
        return new MirrorConfig(
                name,
                preferred,
                other,
                blockBytes,
                queueNs,
                queueLimit,
                stallNs,
                probeNs,
                cleanNs,
                resyncBytesPerSecond,
                maxWrites,
                readErrorIsFinal);
    }

    /** The same with another time that requests wait when no copy works. */
    public MirrorConfig withQueue(long ns, int limit) {
        return new MirrorConfig(
                name,
                preferred,
                source,
                blockBytes,
                ns,
                limit,
                stallNs,
                probeNs,
                cleanNs,
                resyncBytesPerSecond,
                maxWrites,
                readErrorIsFinal);
    }

    /** The same with another block size promised to clients. */
    public MirrorConfig withBlockBytes(int bytes) {
        return new MirrorConfig(
                name,
                preferred,
                source,
                bytes,
                queueNs,
                queueLimit,
                stallNs,
                probeNs,
                cleanNs,
                resyncBytesPerSecond,
                maxWrites,
                readErrorIsFinal);
    }

    /** The same with other times: stall, probe, clean, in nanoseconds. */
    public MirrorConfig withTimes(long stall, long probe, long clean) {
        return new MirrorConfig(
                name,
                preferred,
                source,
                blockBytes,
                queueNs,
                queueLimit,
                stall,
                probe,
                clean,
                resyncBytesPerSecond,
                maxWrites,
                readErrorIsFinal);
    }

    private static void require(boolean legal, String key, long value, String allowed) {
        if (!legal) {
            throw new IllegalArgumentException(key + " is " + value + ": must be " + allowed);
        }
    }
}
