package io.lockstep.host.demo;

import io.lockstep.host.load.LoadClient;
import io.lockstep.host.rig.HostStatus;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.Side;
import io.lockstep.mirror.counters.Counter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** What goes on, while it goes on: a block that refreshes on a terminal, a line now and then elsewhere. */
final class LiveView {
    private static final long BLOCK_NS = 250_000_000L;
    private static final long LINE_NS = 2_000_000_000L;
    private static final int WIDTH = 110;

    private final PrintStream out;
    private final boolean terminal;
    private int drawn;
    private long shownNs = System.nanoTime() - LINE_NS;
    private Sample last;

    /** The numbers that rates are made of. */
    private record Sample(long takenNs, Side runner, long epochs, long pages, long wire, long raw, long operations) {}

    LiveView(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** True if standard output goes to a terminal that understands more than lines. */
    static boolean isTerminal() {
        String kind = System.getenv().getOrDefault("TERM", "dumb");
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return !kind.equals("dumb") && (target.startsWith("/dev/pts/") || target.startsWith("/dev/tty"));
        } catch (IOException e) {
            return false;
        }
    }

    /** A line that stays. */
    synchronized void say(String line) {
        erase();
        out.println(line);
        out.flush();
    }

    /** Shows the present if it is time to. */
    synchronized void update(PairRig rig, LoadClient client) {
        long nowNs = System.nanoTime();
        if (nowNs - shownNs < (terminal ? BLOCK_NS : LINE_NS)) {
            return;
        }
        double seconds = (nowNs - shownNs) / 1e9;
        shownNs = nowNs;
        Side runner = rig.runner();
        HostStatus primary = runner == null ? HostStatus.NONE : rig.status(runner);
        Sample now = sample(primary, runner, client);
        if (last == null) {
            last = now;
            client.takeLatency();
            return; // rates need two looks
        }
        Sample before = last.runner != runner ? now : last;
        last = now;
        Histogram latency = client.takeLatency();
        String numbers = numbers(primary, before, now);
        String clientLine = String.format(
                Locale.ROOT,
                "client  %6.0f ops/s   p50 %.1f ms  p99 %.1f ms   waiting %d ms   %,d answers, all right",
                latency.getTotalCount() / seconds,
                latency.getValueAtPercentile(50) / 1e3,
                latency.getValueAtPercentile(99) / 1e3,
                client.silentNs() / 1_000_000,
                client.operations());
        if (terminal) {
            draw(List.of(
                    "host a  " + host(rig.status(Side.A)),
                    "host b  " + host(rig.status(Side.B)),
                    "mirror  " + numbers,
                    "wire    " + wire(primary, before, now),
                    clientLine));
        } else {
            out.println("a " + brief(rig.status(Side.A)) + " | b " + brief(rig.status(Side.B)) + " | " + numbers + " | "
                    + wire(primary, before, now) + " | " + clientLine.replaceAll(" +", " "));
            out.flush();
        }
    }

    /** Leaves the last picture standing. */
    synchronized void end() {
        drawn = 0;
    }

    private static Sample sample(HostStatus primary, Side runner, LoadClient client) {
        return new Sample(
                primary.takenNs(),
                runner,
                primary.counter(Counter.EPOCHS_CAPTURED),
                primary.counter(Counter.PAGES),
                primary.counter(Counter.WIRE_BYTES),
                primary.counter(Counter.RAW_BYTES),
                client.operations());
    }

    private static String numbers(HostStatus primary, Sample before, Sample now) {
        double seconds = Math.max(1e-3, (now.takenNs - before.takenNs) / 1e9);
        long epochs = now.epochs - before.epochs;
        return String.format(
                Locale.ROOT,
                "%5.1f epochs/s   pause p50 %.1f ms  p99 %.1f ms   %d dirty pages/epoch   held %d   lag %.1f ms",
                epochs / seconds,
                primary.pause("p50Us") / 1e3,
                primary.pause("p99Us") / 1e3,
                epochs > 0 ? (now.pages - before.pages) / epochs : primary.counter(Counter.LAST_DIRTY_PAGES),
                primary.counter(Counter.OUTPUTS_HELD),
                primary.counter(Counter.LAST_LAG_NS) / 1e6);
    }

    private static String wire(HostStatus primary, Sample before, Sample now) {
        double seconds = Math.max(1e-3, (now.takenNs - before.takenNs) / 1e9);
        long wire = now.wire - before.wire;
        long raw = now.raw - before.raw;
        return String.format(
                Locale.ROOT,
                "%.2f MB/s   raw/encoded %.1f   %,d MB in all   round trip %d us",
                wire / seconds / 1e6,
                wire > 0 ? (double) raw / wire : 0,
                now.wire / 1_000_000,
                primary.json().path("vms").path(0).path("roundTripUs").asLong());
    }

    private static String host(HostStatus status) {
        if (!status.isPresent()) {
            return "no answer";
        }
        return String.format(
                Locale.ROOT,
                "%-9s %-12s term %d  epoch %-7d %s",
                status.role().toLowerCase(Locale.ROOT),
                status.state(),
                status.term(),
                status.epoch(),
                status.reason());
    }

    private static String brief(HostStatus status) {
        return status.isPresent() ? status.state() : "gone";
    }

    private void draw(List<String> lines) {
        erase();
        for (String line : lines) {
            out.println(line.length() <= WIDTH ? line : line.substring(0, WIDTH));
        }
        drawn = lines.size();
        out.flush();
    }

    /** Moves to the block's first line and clears from there to the end of the screen. */
    private void erase() {
        if (drawn > 0) {
            out.print("\033[" + drawn + "A\033[J");
            drawn = 0;
        }
    }
}
