package io.lockstep.redirect.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs a foreign client to its end. */
final class Client {
    private static final int SECONDS = 120;

    private Client() {}

    /** The output of a client that succeeds. */
    static String run(String... command) throws IOException, InterruptedException {
        return run(0, command);
    }

    /** The output of a client that ends with this code. */
    static String run(int code, String... command) throws IOException, InterruptedException {
        Path log = Files.createTempFile("client", ".log");
        File output = log.toFile();
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output);
        // nbdsh runs the first python3 there is; the binding belongs to the system's own.
        builder.environment().merge("PATH", "/usr/bin:/bin", (path, system) -> system + ":" + path);
        Process process = builder.start();
        try {
            boolean ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
            String text = Files.readString(log, StandardCharsets.ISO_8859_1);
            String what = String.join(" ", command) + ":\n" + text;
            assertEquals(true, ended, "no end within " + SECONDS + " s: " + what);
            assertEquals(code, process.exitValue(), what);
            return text;
        } finally {
            process.destroyForcibly();
            Files.delete(log);
        }
    }
}
