package io.lockstep.host.cli;

import io.lockstep.hypervisor.riscv.MachineConfig;
import io.lockstep.hypervisor.riscv.RiscvMachine;
import io.lockstep.hypervisor.riscv.boot.LinuxBoot;
import io.lockstep.hypervisor.riscv.device.Board;
import io.lockstep.mirror.spi.LockstepMachine.Stop;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.locks.LockSupport;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Linux on the embedded machine with the terminal as its console, in real time. */
final class RiscvLinux {
    private static final long SLICE = 500_000;
    private static final long NAP_NS = 2_000_000;
    private static final String ARGUMENTS = "console=ttyS0 earlycon=sbi ";

    private final RiscvMachine machine;
    private final UnsafeBuffer clock = new UnsafeBuffer(new byte[Long.BYTES]);
    private final byte[] typed = new byte[256];
    private final long start = System.nanoTime();

    private RiscvLinux(RiscvMachine machine) {
        this.machine = machine;
    }

    static int run(MachineConfig config, Path directory, String append, long limit, boolean stats) throws IOException {
        LinuxBoot boot = LinuxBoot.read(directory, ARGUMENTS + append);
        try (RiscvMachine machine = new RiscvMachine(config)) {
            boot.into(machine);
            byte[] entropy = new byte[1024];
            new SecureRandom().nextBytes(entropy);
            machine.inject(Board.ENTROPY, new UnsafeBuffer(entropy), 0, entropy.length);
            RiscvLinux session = new RiscvLinux(machine);
            Stop stop = session.loop(limit);
            if (stats) {
                printSpeed(machine, System.nanoTime() - session.start);
            }
            if (stop == Stop.COUNT) {
                System.err.println("mirror riscv: limit of " + limit + " instructions reached");
                return RiscvExit.LIMIT.code();
            }
            return machine.endCode() == 0 ? RiscvExit.PASS.code() : RiscvExit.FAIL.code();
        }
    }

    static void printSpeed(RiscvMachine machine, long elapsedNs) {
        System.err.printf(
                "%d instructions in %.3f s: %.1f million a second%n",
                machine.instructionCount(), elapsedNs / 1e9, machine.instructionCount() * 1e3 / Math.max(1, elapsedNs));
    }

    private Stop loop(long limit) throws IOException {
        while (true) {
            Stop stop = machine.run(Math.min(limit, machine.instructionCount() + SLICE));
            machine.drainOutput(RiscvLinux::print, Integer.MAX_VALUE);
            System.out.flush();
            if (stop == Stop.ENDED || (stop == Stop.COUNT && machine.instructionCount() >= limit)) {
                return stop;
            }
            int available = Math.min(typed.length, System.in.available());
            if (available > 0 && machine.accepts(Board.CONSOLE, available)) {
                int length = System.in.read(typed, 0, available);
                machine.inject(Board.CONSOLE, new UnsafeBuffer(typed), 0, length);
            } else if (stop == Stop.IDLE) {
                long left = machine.deadlineNs() - (System.nanoTime() - start);
                if (left > 0) {
                    LockSupport.parkNanos(Math.min(NAP_NS, left));
                }
            }
            clock.putLong(0, System.nanoTime() - start, ByteOrder.LITTLE_ENDIAN);
            machine.inject(Board.CLOCK, clock, 0, Long.BYTES);
        }
    }

    private static void print(long count, int channel, DirectBuffer buffer, int offset, int length) {
        if (channel == Board.CONSOLE) {
            byte[] bytes = new byte[length];
            buffer.getBytes(offset, bytes);
            System.out.write(bytes, 0, length);
        }
    }
}
