package io.lockstep.bench.rig;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.host.rig.HostStatus;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;
import io.lockstep.mirror.counters.Counter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Looks at both hosts at the start and the end of a phase. */
final class PhaseProbe {
    /** The kernel counts processor time in hundredths of a second, whatever its own tick is. */
    private static final double TICKS_PER_SECOND = 100;

    private static final int UTIME = 11;

    private final PairRig rig;
    private final HostStatus before;
    private final long startNs = System.nanoTime();
    private final double[] cpuBefore;

    /** Starts a phase. */
    PhaseProbe(PairRig rig) throws RigException {
        this.rig = rig;
        this.before = rig.status(Side.A);
        this.cpuBefore = cpu();
    }

    /** Ends it. */
    ObjectNode end() throws RigException {
        HostStatus after = rig.status(Side.A);
        double[] cpuAfter = cpu();
        double wall = (System.nanoTime() - startNs) / 1e9;
        double seconds = (after.takenNs() - before.takenNs()) / 1e9;
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("seconds", seconds).put("state", after.state());
        ObjectNode cpu = json.putObject("cpuShare");
        String[] names = {"engineA", "engineB", "qemuA", "qemuB"};
        for (int i = 0; i < names.length; i++) {
            cpu.put(names[i], (cpuAfter[i] - cpuBefore[i]) / wall);
        }
        long epochs = delta(after, Counter.EPOCHS_CAPTURED);
        if (after.isProtected() && epochs > 0 && seconds > 0) {
            json.put("checkpointsPerSecond", epochs / seconds)
                    .put("dirtyPagesPerEpoch", (double) delta(after, Counter.PAGES) / epochs)
                    .put("rawBytesPerEpoch", (double) delta(after, Counter.RAW_BYTES) / epochs)
                    .put("wireBytesPerEpoch", (double) delta(after, Counter.WIRE_BYTES) / epochs)
                    .put("meanPauseUs", delta(after, Counter.PAUSE_NS) / 1e3 / epochs)
                    .put("pausedShare", delta(after, Counter.PAUSE_NS) / 1e9 / seconds)
                    .put("windowFull", delta(after, Counter.WINDOW_FULL))
                    .put("lastLagUs", after.counter(Counter.LAST_LAG_NS) / 1e3);
            ObjectNode pause = json.putObject("pause");
            for (String key :
                    new String[] {"count", "p50Us", "p99Us", "maxUs", "stopP50Us", "copyP50Us", "restP50Us", "pagesP50"
                    }) {
                pause.put(key, after.pause(key));
            }
        }
        return json;
    }

    private long delta(HostStatus after, Counter counter) {
        return after.counter(counter) - before.counter(counter);
    }

    private double[] cpu() throws RigException {
        return new double[] {
            cpuSeconds(rig.host(Side.A).pid()),
            cpuSeconds(rig.host(Side.B).pid()),
            cpuSeconds(rig.host(Side.A).qemuPid()),
            cpuSeconds(rig.host(Side.B).qemuPid())
        };
    }

    private static double cpuSeconds(long pid) throws RigException {
        Path stat = Path.of("/proc", Long.toString(pid), "stat");
        if (pid <= 0 || !Files.exists(stat)) {
            return 0;
        }
        try {
            String text = Files.readString(stat);
            String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
            return (Long.parseLong(fields[UTIME]) + Long.parseLong(fields[UTIME + 1])) / TICKS_PER_SECOND;
        } catch (IOException e) {
            throw new RigException("cannot read " + stat + ": " + e.getMessage(), e);
        }
    }
}
