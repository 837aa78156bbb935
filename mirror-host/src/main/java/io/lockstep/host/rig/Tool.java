package io.lockstep.host.rig;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs short-lived tools ({@code ip}, {@code mount}, {@code kill}) and turns their failure into a message. */
final class Tool {
    private static final int LIMIT_SECONDS = 20;

    private Tool() {}

    /** Runs a tool; its output is returned. */
    static String run(String... command) throws RigException {
        return runWithInput("", List.of(command));
    }

    /** Several {@code ip} commands, one a line, in one process; {@code enter} is put before, see {@link RigNetwork#enter}. */
    static void ip(List<String> enter, String... lines) throws RigException {
        List<String> command = new ArrayList<>(enter);
        command.addAll(List.of("ip", "-batch", "-"));
        runWithInput(String.join("\n", lines) + "\n", command);
    }

    private static String runWithInput(String input, List<String> command) throws RigException {
        Process process = null;
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().merge("PATH", "/usr/sbin:/sbin", (path, more) -> path + ":" + more);
            process = builder.start();
            try (OutputStream out = process.getOutputStream()) {
                out.write(input.getBytes(StandardCharsets.UTF_8));
            }
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new RigException(String.join(" ", command) + ": no end within " + LIMIT_SECONDS + " s");
            }
            if (process.exitValue() != 0) {
                String about =
                        input.isBlank() ? "" : " (input: " + input.strip().replace("\n", "; ") + ")";
                throw new RigException(String.join(" ", command) + about + ": exit code " + process.exitValue() + ": "
                        + output.strip());
            }
            return output;
        } catch (IOException e) {
            throw new RigException("cannot run " + String.join(" ", command) + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RigException("interrupted while running " + String.join(" ", command), e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }
}
