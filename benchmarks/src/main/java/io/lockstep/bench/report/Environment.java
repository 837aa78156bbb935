package io.lockstep.bench.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The machine and the build that the numbers belong to. */
public final class Environment {
    private Environment() {}

    /** Date, commit, kernel, processor, load, QEMU and JVM of now. */
    public static ObjectNode json(Path home) {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("date", Instant.now().toString())
                .put("commit", command(home, "git", "describe", "--always", "--dirty", "--abbrev=12"))
                .put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"))
                .put("cores", Runtime.getRuntime().availableProcessors())
                .put("cpu", cpuModel())
                .put("loadAverage", file("/proc/loadavg"))
                .put(
                        "qemu",
                        command(home, "qemu-system-x86_64", "--version")
                                .lines()
                                .findFirst()
                                .orElse("?"))
                .put("java", System.getProperty("java.vm.name") + " " + Runtime.version())
                .put("jvmFlags", jvmFlags(home));
        return json;
    }

    private static String cpuModel() {
        return file("/proc/cpuinfo")
                .lines()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("?");
    }

    private static String jvmFlags(Path home) {
        String more = System.getenv().getOrDefault("MIRROR_JAVA_OPTS", "");
        List<String> flags = file(home.resolve("dev/jvm.flags").toString())
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
        return (String.join(" ", flags) + " " + more).strip();
    }

    private static String file(String path) {
        try {
            return Files.readString(Path.of(path)).strip();
        } catch (IOException e) {
            return "?";
        }
    }

    private static String command(Path directory, String... words) {
        try {
            Process process = new ProcessBuilder(words)
                    .directory(directory.toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0 ? output.strip() : "?";
        } catch (IOException e) {
            return "?";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "?";
        }
    }
}
