package io.lockstep.bench.disk;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.bench.report.Environment;
import io.lockstep.host.rig.RigException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** All servers at once on one file, every load on each in turn. */
final class DiskRun {
    private static final int MIB = 1 << 20;

    private final DiskOptions options;
    private final Path home;
    private final ObjectMapper mapper = new ObjectMapper();
    private final ObjectNode result = mapper.createObjectNode();
    private final Map<Load, Comparison> comparisons = new LinkedHashMap<>();
    private final long startNs = System.nanoTime();

    DiskRun(DiskOptions options, Path home) {
        this.options = options;
        this.home = home;
    }

    /** Returns the exit code. */
    int run() {
        result.set("environment", Environment.json(home));
        List<DiskServer> servers = new ArrayList<>();
        Path scratch = null;
        try {
            scratch = Files.createTempDirectory(options.directory(), "bench-disk-");
            Path made = scratch;
            Runtime.getRuntime()
                    .addShutdownHook(new Thread(() -> clear(made))); // Ctrl-C must not leave a file in memory
            describe(scratch);
            Path file = makeFile(scratch);
            for (ServerKind kind : ServerKind.values()) {
                if (kind.can(options.direct())) {
                    servers.add(DiskServer.start(kind, file, scratch, options.direct()));
                    say(kind.label() + " serves");
                }
            }
            rounds(servers, new FioRun(scratch, options.sizeMib()));
        } catch (RigException | IOException e) {
            say("NOT MEASURED: " + e.getMessage());
            result.withArray("problems").add(String.valueOf(e.getMessage()));
        } finally {
            servers.forEach(DiskServer::close);
            clear(scratch);
        }
        ObjectNode loads = result.putObject("loads");
        comparisons.forEach((load, comparison) -> loads.set(load.name(), comparison.json()));
        new DiskTable(System.out, result).print();
        return write() && !result.has("problems") ? 0 : 1;
    }

    private void describe(Path scratch) throws IOException {
        result.putObject("settings")
                .put("fileSystem", Files.getFileStore(scratch).type())
                .put("direct", options.direct())
                .put("sizeMib", options.sizeMib())
                .put("rounds", options.rounds())
                .put("seconds", options.seconds())
                .put("fio", version("fio"))
                .put("qemu-nbd", version("qemu-nbd"))
                .put("nbdkit", version("nbdkit"));
    }

    private static String version(String tool) throws IOException {
        Process process =
                new ProcessBuilder(tool, "--version").redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return text.lines().findFirst().orElse("?");
    }

    /** Written, not sparse: nobody is to measure the allocation of space. */
    private Path makeFile(Path scratch) throws IOException {
        Path file = scratch.resolve("disk.img");
        byte[] piece = new byte[MIB];
        new java.util.Random(1).nextBytes(piece);
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            for (int i = 0; i < options.sizeMib(); i++) {
                out.write(piece);
            }
            out.getFD().sync();
        }
        return file;
    }

    private void rounds(List<DiskServer> servers, FioRun fio) throws RigException {
        for (DiskServer server : servers) {
            say("warms up " + server.kind().label());
            for (Load load : options.loads()) {
                fio.measure(server, load, options.warmSeconds());
            }
        }
        List<DiskServer> order = new ArrayList<>(servers);
        for (int round = 1; round <= options.rounds(); round++) {
            for (Load load : options.loads()) {
                StringBuilder line = new StringBuilder("round " + round + ", " + load.name() + ", op/s:");
                for (DiskServer server : order) {
                    ObjectNode measured = fio.measure(server, load, options.seconds());
                    comparisons.computeIfAbsent(load, l -> new Comparison()).add(server.kind(), measured);
                    line.append(String.format(
                            Locale.ROOT,
                            " %s %.0f",
                            server.kind().label(),
                            measured.path("iops").asDouble()));
                }
                say(line.toString());
            }
            Collections.rotate(order, -1);
        }
    }

    private void clear(Path scratch) {
        if (scratch == null || !Files.exists(scratch)) {
            return;
        }
        try (var files = Files.list(scratch)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(scratch);
        } catch (IOException e) {
            say("cannot clear " + scratch + ": " + e.getMessage());
        }
    }

    private boolean write() {
        try {
            Files.createDirectories(options.json().toAbsolutePath().getParent());
            Files.writeString(
                    options.json(), mapper.writerWithDefaultPrettyPrinter().writeValueAsString(result) + "\n");
            say("result: " + options.json());
            return true;
        } catch (IOException e) {
            say("cannot write " + options.json() + ": " + e.getMessage());
            return false;
        }
    }

    private void say(String text) {
        System.err.printf(Locale.ROOT, "%6.1f s  %s%n", (System.nanoTime() - startNs) / 1e9, text);
    }
}
