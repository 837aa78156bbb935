package io.lockstep.host.cli;

import io.lockstep.hypervisor.riscv.MachineConfig;
import io.lockstep.hypervisor.riscv.RiscvMachine;
import io.lockstep.hypervisor.riscv.device.Board;
import io.lockstep.hypervisor.riscv.elf.ElfException;
import io.lockstep.hypervisor.riscv.elf.ElfImage;
import io.lockstep.hypervisor.riscv.memory.GuestRam;
import io.lockstep.mirror.spi.LockstepMachine.Stop;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code mirror riscv run}: runs a bare-metal program until it says how it ended. Guest time follows the instruction count; a sleeping guest wakes at once, at the
 * time it asked for. So two runs are the same, instruction by instruction.
 */
@Command(
        name = "run",
        description = "Runs a bare-metal RV64 ELF with the usual tohost convention; exits with its verdict.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:the program passed",
            "1:the program failed; the message has the number of the test",
            "2:bad command line",
            "3:the file cannot be read",
            "4:not an ELF file",
            "5:wrong ELF class or byte order",
            "6:ELF for another machine",
            "7:the ELF is cut off or damaged",
            "8:a segment or the entry lies outside RAM",
            "9:no symbol tohost, and --no-tohost was not given",
            "10:limit of instructions reached",
            "11:the program waits for an interrupt that cannot come"
        })
final class RiscvRunCommand implements Callable<Integer> {
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})([KMG]?)");
    private static final int ENTROPY = 1024;

    @Parameters(index = "0", arity = "0..1", paramLabel = "FILE", description = "The program.")
    private Path file;

    @Option(
            names = "--linux",
            arity = "0..1",
            fallbackValue = "build/riscv",
            paramLabel = "DIR",
            description =
                    "Instead of a program: boots fw, vmlinux and initrd from there (dev/guest-riscv), console on stdin and stdout.")
    private Path linux;

    @Option(names = "--append", paramLabel = "WORDS", description = "More kernel arguments.")
    private String append = "";

    @Option(names = "--max-instructions", paramLabel = "N", description = "Stop after so many instructions.")
    private long maxInstructions = Long.MAX_VALUE;

    @Option(
            names = "--ram",
            paramLabel = "SIZE",
            description = "RAM from 0x80000000 on (default 64M, with --linux 256M).")
    private String ram = "";

    @Option(names = "--no-tohost", description = "Runs a program without tohost: it ends by the test finisher.")
    private boolean noToHost;

    @Option(
            names = "--signature",
            paramLabel = "FILE",
            description = "Writes the words from begin_signature to end_signature there at the end.")
    private Path signature;

    @Option(names = "--signature-granularity", paramLabel = "N", description = "Bytes a line of it (default 4).")
    private int granularity = 4;

    @Option(names = "--stats", description = "Prints instructions and speed at the end.")
    private boolean stats;

    private final PrintStream out = System.out;

    @Override
    public Integer call() {
        try {
            if ((file == null) == (linux == null)) {
                return refuse(RiscvExit.USAGE, "give either a FILE or --linux");
            }
            MachineConfig config = MachineConfig.ofRam(size(ram.isEmpty() ? linux == null ? "64M" : "256M" : ram));
            if (linux != null) {
                return RiscvLinux.run(config, linux, append, maxInstructions, stats);
            }
            ElfImage image = ElfImage.parse(Files.readAllBytes(file));
            if (image.symbol("tohost").isEmpty() && !noToHost) {
                return refuse(
                        RiscvExit.NO_TOHOST,
                        "no symbol 'tohost' in the ELF: it cannot say how it ended (--no-tohost runs it anyway)");
            }
            try (RiscvMachine machine = new RiscvMachine(config)) {
                machine.load(image);
                return run(machine, image);
            }
        } catch (ElfException e) {
            return refuse(exit(e.problem()), e.getMessage());
        } catch (IOException e) {
            return refuse(RiscvExit.UNREADABLE, "cannot read or write: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            return refuse(RiscvExit.USAGE, e.getMessage());
        }
    }

    private int refuse(RiscvExit exit, String message) {
        out.flush();
        System.err.println("mirror riscv: " + (file == null ? "" : file + ": ") + message);
        return exit.code();
    }

    private static RiscvExit exit(ElfException.Problem problem) {
        return switch (problem) {
            case NOT_ELF -> RiscvExit.NOT_ELF;
            case WRONG_CLASS -> RiscvExit.WRONG_CLASS;
            case WRONG_MACHINE -> RiscvExit.WRONG_MACHINE;
            case MALFORMED -> RiscvExit.MALFORMED;
            case OUTSIDE_RAM -> RiscvExit.OUTSIDE_RAM;
        };
    }

    private static long size(String text) {
        Matcher matcher = SIZE.matcher(text.toUpperCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new IllegalArgumentException("--ram " + text + " is not a size such as 64M or 2G");
        }
        int shift =
                switch (matcher.group(2)) {
                    case "K" -> 10;
                    case "M" -> 20;
                    case "G" -> 30;
                    default -> 0;
                };
        return Long.parseLong(matcher.group(1)) << shift;
    }

    private int run(RiscvMachine machine, ElfImage image) throws IOException {
        if (maxInstructions <= 0) {
            throw new IllegalArgumentException("--max-instructions " + maxInstructions + " is not positive");
        }
        machine.inject(Board.ENTROPY, new UnsafeBuffer(new byte[ENTROPY]), 0, ENTROPY);
        UnsafeBuffer clock = new UnsafeBuffer(new byte[Long.BYTES]);
        long start = System.nanoTime();
        Stop stop = machine.run(maxInstructions);
        while (stop != Stop.ENDED && stop != Stop.COUNT) {
            print(machine);
            if (stop == Stop.IDLE) {
                if (machine.deadlineNs() == Long.MAX_VALUE) {
                    return refuse(
                            RiscvExit.STUCK,
                            "waits for an interrupt that cannot come, after " + machine.instructionCount()
                                    + " instructions");
                }
                clock.putLong(0, machine.deadlineNs(), ByteOrder.LITTLE_ENDIAN);
                machine.inject(Board.CLOCK, clock, 0, Long.BYTES);
            }
            stop = machine.run(maxInstructions);
        }
        print(machine);
        printStats(machine, System.nanoTime() - start);
        if (stop == Stop.COUNT) {
            return refuse(RiscvExit.LIMIT, "limit of " + maxInstructions + " instructions reached");
        }
        writeSignature(machine, image);
        return verdict(machine);
    }

    private int verdict(RiscvMachine machine) {
        if (machine.endCode() == 0) {
            return RiscvExit.PASS.code();
        }
        return refuse(
                RiscvExit.FAIL,
                "failed: test " + machine.endCode() + " (" + machine.endReason() + "), after "
                        + machine.instructionCount() + " instructions");
    }

    private void print(RiscvMachine machine) {
        machine.drainOutput(this::print, Integer.MAX_VALUE);
        out.flush();
    }

    private void print(long count, int channel, DirectBuffer buffer, int offset, int length) {
        if (channel == Board.CONSOLE) {
            byte[] bytes = new byte[length];
            buffer.getBytes(offset, bytes);
            out.write(bytes, 0, length);
        }
    }

    private void printStats(RiscvMachine machine, long elapsedNs) {
        if (stats) {
            RiscvLinux.printSpeed(machine, elapsedNs);
        }
    }

    /** The convention of architecture tests: hexadecimal words, most significant digit first, one a line. */
    private void writeSignature(RiscvMachine machine, ElfImage image) throws IOException {
        if (signature == null) {
            return;
        }
        long from = image.symbol("begin_signature").orElse(-1);
        long to = image.symbol("end_signature").orElse(-1);
        long bytes = machine.memory().bytes();
        if (from < GuestRam.BASE || to < from || to - GuestRam.BASE > bytes || granularity < 1 || granularity > 16) {
            throw new IllegalArgumentException(
                    "--signature needs begin_signature and end_signature in RAM, and 1 to 16 bytes a line");
        }
        try (BufferedWriter writer = Files.newBufferedWriter(signature)) {
            for (long line = from; line < to; line += granularity) {
                for (int i = granularity - 1; i >= 0; i--) {
                    long at = line + i - GuestRam.BASE;
                    long page = at >>> 12;
                    int inside = machine.memory().offset(page) + (int) (at & 4095);
                    writer.write(
                            String.format("%02x", machine.memory().chunk(page).getByte(inside)));
                }
                writer.write('\n');
            }
        }
    }
}
