package io.lockstep.bench.disk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.host.rig.RigException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One run of fio's nbd engine against one server. */
final class FioRun {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final long GRACE_SECONDS = 60;

    private final Path directory;
    private final int sizeMib;

    FioRun(Path directory, int sizeMib) {
        this.directory = directory;
        this.sizeMib = sizeMib;
    }

    /** Operations a second, median and 99 % latency, and the server's processor time per operation, start and end of fio included. */
    ObjectNode measure(DiskServer server, Load load, int seconds) throws RigException {
        long cpuUs = server.cpuUs();
        JsonNode side = run(server, load, seconds).path(load.reads() ? "read" : "write");
        cpuUs = server.cpuUs() - cpuUs;
        long operations = side.path("total_ios").asLong();
        if (operations == 0) {
            throw new RigException("fio got nothing done with " + load.name() + " at "
                    + server.kind().label());
        }
        JsonNode percentiles = side.path("clat_ns").path("percentile");
        return MAPPER.createObjectNode()
                .put("iops", side.path("iops").asDouble())
                .put("p50Us", percentiles.path("50.000000").asDouble() / 1e3)
                .put("p99Us", percentiles.path("99.000000").asDouble() / 1e3)
                .put("cpuUsPerIo", (double) cpuUs / operations);
    }

    private JsonNode run(DiskServer server, Load load, int seconds) throws RigException {
        List<String> command = List.of(
                "fio",
                "--name=" + load.name(),
                "--ioengine=nbd",
                "--uri=" + server.uri(),
                "--rw=" + load.pattern(),
                "--bs=" + load.blockKib() + "k",
                "--iodepth=" + load.depth(),
                "--size=" + sizeMib + "M",
                "--time_based",
                "--runtime=" + seconds,
                "--norandommap",
                "--thread",
                "--output-format=json");
        String output = "";
        try {
            Process fio = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(fio::destroyForcibly));
            output = new String(fio.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!fio.waitFor(seconds + GRACE_SECONDS, TimeUnit.SECONDS) || fio.exitValue() != 0) {
                fio.destroyForcibly();
                throw new RigException("fio failed: " + output);
            }
            JsonNode job = MAPPER.readTree(output.substring(output.indexOf('{')))
                    .path("jobs")
                    .path(0);
            if (job.path("error").asInt() != 0) {
                throw new RigException("fio saw error " + job.path("error").asInt() + ": " + output);
            }
            return job;
        } catch (IOException | StringIndexOutOfBoundsException e) {
            throw new RigException("fio: " + e.getMessage() + ": " + output, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RigException("interrupted", e);
        }
    }
}
