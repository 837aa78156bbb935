package io.lockstep.redirect.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.GenerationStore;
import io.lockstep.redirect.path.nbd.NbdPath;
import io.lockstep.redirect.path.nbd.NbdPathConfig;
import io.lockstep.redirect.route.DeviceState;
import io.lockstep.redirect.route.PathState;
import io.lockstep.redirect.route.RedirectConfig;
import io.lockstep.redirect.route.RedirectDevice;
import io.lockstep.redirect.route.RedirectListener;
import io.lockstep.redirect.route.Reroute;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A redirected disk over two real servers of one file, under fio's verifying load, while they fail. */
@Timeout(300)
class RedirectedIT {
    private static final int SIZE = 64 << 20;
    private static final int MOVES = 8;
    /** These servers know no fence; what they have in hand when a connection is cut, they do within milliseconds. */
    private static final RedirectConfig.Switching SETTLING = new RedirectConfig.Switching(
            2_000_000_000L, 2_000_000_000L, 2, RedirectConfig.Unfenced.SETTLE, 200_000_000L, false);

    @TempDir
    Path directory;

    private final List<Process> processes = new ArrayList<>();
    private final List<Reroute> moves = new CopyOnWriteArrayList<>();
    private final AtomicReferenceArray<PathState> states =
            new AtomicReferenceArray<>(new PathState[] {PathState.CLOSED, PathState.CLOSED});
    private volatile DeviceState state = DeviceState.OPENING;

    @AfterEach
    void endProcesses() throws InterruptedException {
        for (Process process : processes) {
            process.destroyForcibly();
            assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        }
    }

    /** A way to the file through an nbdkit of its own, which answers with EIO while the file {@code failN} is there. */
    private Process serve(int number) throws IOException {
        Path image = directory.resolve("image");
        if (!Files.exists(image)) {
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(SIZE);
            }
        }
        Process process = new ProcessBuilder(
                        "nbdkit",
                        "--foreground",
                        "--exit-with-parent",
                        "--unix",
                        socket(number).toString(),
                        "--filter=error",
                        "file",
                        image.toString(),
                        "error=EIO",
                        "error-rate=100%",
                        "error-file=" + fault(number))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("nbdkit" + number).toFile())
                .start();
        processes.add(process);
        ServerThread.await(() -> Files.exists(socket(number)), () -> "nbdkit " + number + " does not start");
        return process;
    }

    private Path socket(int number) {
        return directory.resolve("s" + number);
    }

    private Path fault(int number) {
        return directory.resolve("fail" + number);
    }

    private ServerThread redirected(RedirectConfig config) throws IOException {
        List<BlockPath> paths = new ArrayList<>();
        for (int number = 0; number < 2; number++) {
            paths.add(new NbdPath(
                    NbdPathConfig.foreign("path" + number, UnixDomainSocketAddress.of(socket(number)), "")));
        }
        RedirectDevice device =
                new RedirectDevice(paths, config, new Counting(), new BufferPool(256, 16, 2), new Listener());
        ServerThread.await(
                () -> {
                    device.doWork(System.nanoTime());
                    return state == DeviceState.SERVING;
                },
                () -> "the disk does not open: " + device.status());
        return new ServerThread(device);
    }

    private Process fio(ServerThread server, int seconds) throws IOException {
        Process fio = new ProcessBuilder(
                        "fio",
                        "--name=v",
                        "--ioengine=nbd",
                        "--uri=nbd+unix:///disk?socket=" + server.socket,
                        "--rw=randwrite",
                        "--bs=4k",
                        "--iodepth=32",
                        "--size=16M",
                        "--time_based",
                        "--runtime=" + seconds,
                        "--verify=crc32c",
                        "--verify_fatal=1",
                        "--do_verify=1",
                        "--verify_state_save=0")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("fio.out").toFile())
                .start();
        processes.add(fio);
        return fio;
    }

    private void requireWell(Process fio) throws Exception {
        assertTrue(fio.waitFor(120, TimeUnit.SECONDS), "fio does not end");
        assertEquals(0, fio.exitValue(), Files.readString(directory.resolve("fio.out")));
    }

    @Test
    void shouldMoveBetweenPathsThatFailInTurnsUnderLoad() throws Exception {
        serve(0);
        serve(1);
        RedirectConfig.Probing probing = new RedirectConfig.Probing(20_000_000L, 1_000_000_000L, false, 1, 0);
        try (ServerThread server =
                redirected(RedirectConfig.DEFAULT.withSwitching(SETTLING).withProbing(probing))) {
            moves.clear();
            Process fio = fio(server, 20);
            for (int move = 0; move < MOVES; move++) {
                int active = states.get(0) == PathState.ACTIVE ? 0 : 1;
                int other = 1 - active;
                ServerThread.await(
                        () -> states.get(other) == PathState.STANDBY, () -> "path " + other + ": " + states.get(other));
                int before = moves.size();
                Files.createFile(fault(active));
                ServerThread.await(() -> moves.size() > before, () -> "no move from path " + active);
                Files.delete(fault(active));
            }
            requireWell(fio);
        }
        double[] totals = moves.stream()
                .mapToDouble(move -> move.totalNs() / 1e6)
                .sorted()
                .toArray();
        assertTrue(totals.length >= MOVES, "moves: " + totals.length);
        int reissued = moves.stream().mapToInt(Reroute::reissued).sum();
        System.out.printf(
                "reroute with 200 ms to settle: %d moves, p50 %.1f ms, max %.1f ms, %d requests re-issued%n",
                totals.length, totals[totals.length / 2], totals[totals.length - 1], reissued);
    }

    /** Both ways die at once: what was asked waits, and is done when one is back. A server that was killed does nothing late. */
    @Test
    void shouldKeepRequestsWhileNoPathWorks() throws Exception {
        List<Process> servers = List.of(serve(0), serve(1));
        RedirectConfig.Probing probing = new RedirectConfig.Probing(50_000_000L, 1_000_000_000L, false, 1, 0);
        RedirectConfig config = RedirectConfig.DEFAULT.withSwitching(SETTLING).withProbing(probing);
        try (ServerThread server = redirected(config)) {
            Process fio = fio(server, 8);
            ServerThread.await(() -> server.log.stream().anyMatch(line -> line.contains("client")), () -> "no client");
            for (Process each : servers) {
                each.destroyForcibly().waitFor();
            }
            ServerThread.await(() -> state == DeviceState.NO_PATH, () -> "not without a path: " + state);
            assertTrue(fio.isAlive(), "fio got an error: " + Files.readString(directory.resolve("fio.out")));
            Files.delete(socket(0));
            serve(0);
            ServerThread.await(() -> state == DeviceState.SERVING, () -> "does not go on: " + state);
            requireWell(fio);
        }
    }

    /** Numbers that nobody else has: these servers know none. */
    private static final class Counting implements GenerationStore {
        private long highest;

        @Override
        public long highest() {
            return highest;
        }

        @Override
        public void persist(long generation, Outcome outcome) {
            highest = generation;
            outcome.onPersisted("");
        }
    }

    private final class Listener implements RedirectListener {
        @Override
        public void onState(DeviceState from, DeviceState to, String reason) {
            state = to;
        }

        @Override
        public void onPath(String path, PathState from, PathState to, String reason) {
            states.set(path.endsWith("0") ? 0 : 1, to);
        }

        @Override
        public void onReroute(Reroute receipt) {
            moves.add(receipt);
        }
    }
}
