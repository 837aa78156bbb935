package io.lockstep.host.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What a person or a test suite sees of {@code mirror riscv run}: exit codes and messages. */
final class RiscvRunCommandTest {
    private static final Path PROGRAMS =
            Path.of(System.getProperty("mirror.home"), "mirror-hypervisor", "src", "test", "resources", "riscv");

    @TempDir
    private Path directory;

    private String errors = "";

    private int run(String... arguments) {
        PrintStream before = System.err;
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        System.setErr(new PrintStream(text, true, StandardCharsets.UTF_8));
        try {
            return new CommandLine(new RiscvRunCommand()).execute(arguments);
        } finally {
            System.setErr(before);
            errors = text.toString(StandardCharsets.UTF_8);
        }
    }

    private int run(byte[] program, String... options) throws IOException {
        Path file = directory.resolve("program");
        Files.write(file, program);
        String[] arguments = java.util.Arrays.copyOf(options, options.length + 1);
        arguments[options.length] = file.toString();
        return run(arguments);
    }

    private static byte[] program() throws IOException {
        return Files.readAllBytes(PROGRAMS.resolve("timer.elf"));
    }

    private void assertRefused(int expected, int found, String message) {
        assertEquals(expected, found, errors);
        assertTrue(errors.contains(message), errors);
    }

    @Test
    void shouldPass() {
        assertEquals(0, run(PROGRAMS.resolve("timer.elf").toString()), errors);
    }

    @Test
    void shouldRefuseWhatItCannotRun() throws IOException {
        assertRefused(4, run("#!/bin/sh".getBytes(StandardCharsets.UTF_8)), "not an ELF");
        byte[] small = program();
        small[4] = 1;
        assertRefused(5, run(small), "wrong ELF class");
        byte[] foreign = program();
        foreign[18] = 62;
        assertRefused(6, run(foreign), "wrong ELF machine");
        assertRefused(7, run(java.util.Arrays.copyOf(program(), 3000)), "ELF");
        assertRefused(3, run("/no/such/file"), "cannot read");
        assertRefused(2, run(program(), "--ram", "lots"), "is not a size");
        assertRefused(2, run(program(), "--max-instructions", "0"), "not positive");
        assertRefused(2, run(), "FILE or --linux");
    }

    @Test
    void shouldRefuseAProgramOutsideRam() throws IOException {
        byte[] elsewhere = program();
        for (int i = 64; i < 64 + 56 * 4; i++) {
            if (elsewhere[i] == 0 && elsewhere[i + 3] == (byte) 0x80) {
                elsewhere[i + 3] = 0x40;
            }
        }
        assertRefused(8, run(elsewhere), "outside RAM");
    }

    @Test
    void shouldStopAtTheLimit() throws IOException {
        assertRefused(10, run(program(), "--max-instructions", "1000"), "limit of 1000 instructions");
    }

    @Test
    void shouldNeedToHost() throws IOException {
        byte[] program = program();
        String text = new String(program, StandardCharsets.ISO_8859_1).replace("\0tohost\0", "\0to_ost\0");
        assertRefused(9, run(text.getBytes(StandardCharsets.ISO_8859_1)), "no symbol 'tohost'");
    }
}
