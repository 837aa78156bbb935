package io.lockstep.hypervisor.dirty;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process that maps the memory file and writes to it on command: {@code src/test/c/ram_writer.c}. */
final class RamWriter implements AutoCloseable {
    private static Path program;

    private final Process process;
    private final BufferedReader answers;
    private final Writer commands;

    private RamWriter(Process process) {
        this.process = process;
        this.answers = process.inputReader(StandardCharsets.UTF_8);
        this.commands = process.outputWriter(StandardCharsets.UTF_8);
    }

    static RamWriter start(Path ramFile, int pieces, Map<String, String> environment) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(program().toString(), ramFile.toString(), Integer.toString(pieces));
        builder.environment().putAll(environment);
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        return new RamWriter(builder.start());
    }

    private static synchronized Path program() throws Exception {
        if (program == null) {
            Path target = Path.of("target", "test-programs");
            Files.createDirectories(target);
            Path built = target.resolve("ram_writer").toAbsolutePath();
            List<String> command = List.of(
                    "gcc",
                    "-O2",
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-pthread",
                    "-o",
                    built.toString(),
                    "src/test/c/ram_writer.c");
            Process gcc = new ProcessBuilder(command).inheritIO().start();
            if (gcc.waitFor() != 0) {
                throw new IOException("gcc failed: " + command);
            }
            program = built;
        }
        return program;
    }

    long pid() {
        return process.pid();
    }

    /** Reads the line that says that the memory is mapped. */
    void awaitReady() {
        expect("ready");
    }

    /** Runs a command to its end. */
    void run(String command) {
        tell(command);
        expect("done");
    }

    /** Runs a command and returns its answer. */
    String ask(String command) {
        tell(command);
        return line();
    }

    private void tell(String command) {
        try {
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("tell the writer: " + command, e);
        }
    }

    private void expect(String wanted) {
        String line = line();
        if (!wanted.equals(line)) {
            throw new IllegalStateException("the writer said '" + line + "', not '" + wanted + "'");
        }
    }

    private String line() {
        try {
            return answers.readLine();
        } catch (IOException e) {
            throw new UncheckedIOException("read from the writer", e);
        }
    }

    /** Waits for the process to end and returns its exit code. */
    int awaitEnd() throws InterruptedException {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the writer is still alive after 10 s");
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
