package io.lockstep.host.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code ./mirror} as a person starts it: outside of any namespace that the test itself runs in, with its output in a file. */
public final class Launcher implements AutoCloseable {
    private final Process process;
    private final Path output;

    private Launcher(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /** Starts a command; {@code directory} takes its output. */
    public static Launcher start(Path directory, String... arguments) throws IOException, RigException {
        Path home = JavaCommand.home();
        // The build that runs this test has made the classes; the launcher must not start another one.
        Path lib = home.resolve("mirror-host").resolve("target").resolve("lib");
        Files.writeString(lib.resolve(".built"), "");
        // A shell that runs tests in the background has Ctrl-C ignored, and that is inherited.
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
        command.add(home.resolve("mirror").toString());
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(directory, "mirror", ".out");
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectOutput(output.toFile());
        builder.environment().remove("MIRROR_ISOLATED");
        builder.environment().remove("MIRROR_RUN_DIR");
        Process process = builder.start();
        process.getOutputStream().close();
        return new Launcher(process, output);
    }

    /** What it said so far. */
    public String output() {
        return Tail.text(output);
    }

    /** Waits for its end and returns the exit code. */
    public int awaitEnd(Duration limit) throws InterruptedException {
        if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("no end within " + limit.toSeconds() + " s:\n" + output());
        }
        return process.exitValue();
    }

    /** Waits until it says something. */
    public void awaitOutput(String text, Duration limit) throws InterruptedException {
        long deadlineNs = System.nanoTime() + limit.toNanos();
        while (!output().contains(text)) {
            if (process.waitFor(50, TimeUnit.MILLISECONDS) || System.nanoTime() - deadlineNs > 0) {
                throw new AssertionError("never said '" + text + "':\n" + output());
            }
        }
    }

    /** Ctrl-C. */
    public void interrupt() throws RigException {
        Tool.run("sh", "-c", "kill -INT " + process.pid());
    }

    /** SIGKILL. */
    public void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
