package io.lockstep.host.engine;

import io.lockstep.mirror.admission.Admission;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What this host has promised to guests of other hosts, and what it could still promise. Thread-safe. */
public final class MemoryLedger {
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    private final long limit;
    private final Path runDir;
    private final Map<String, Long> reserved = new HashMap<>();

    /** A ledger that promises at most {@code limit} bytes. */
    public MemoryLedger(long limit, Path runDir) {
        this.limit = limit;
        this.runDir = runDir;
    }

    /**
     * Promises memory to a guest, in place of what it was promised before.
     *
     * @throws IllegalArgumentException with every reason why not
     */
    synchronized void reserve(String vm, long bytes) {
        reserved.remove(vm);
        long others = reserved.values().stream().mapToLong(Long::longValue).sum();
        List<String> reasons = Admission.reasonsAgainst(
                bytes, new Admission.HostOffer(limit, others, availableMemory(), runDirFree()));
        if (!reasons.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", reasons));
        }
        reserved.put(vm, bytes + Admission.STANDBY_OVERHEAD);
    }

    synchronized void release(String vm) {
        reserved.remove(vm);
    }

    private static long availableMemory() {
        try {
            for (String line : Files.readAllLines(MEMINFO)) {
                if (line.startsWith("MemAvailable:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
                }
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot find out how much memory is free: " + e.getMessage(), e);
        }
        throw new IllegalArgumentException("cannot find out how much memory is free: " + MEMINFO + " does not say");
    }

    private long runDirFree() {
        try {
            return Files.getFileStore(runDir).getUsableSpace();
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "cannot find out the free space of " + runDir + ": " + e.getMessage(), e);
        }
    }
}
