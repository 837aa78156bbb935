package io.lockstep.hypervisor.riscv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.hypervisor.riscv.boot.LinuxBoot;
import io.lockstep.hypervisor.riscv.device.Board;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.LockstepMachine.Stop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Debian's riscv64 kernel and busybox (dev/guest-riscv), from OpenSBI to a shell that computes; recorded, and repeated on a second machine. */
final class LinuxIT {
    private static final long SLICE = 2_000_000;
    private static final long LIMIT = 6_000_000_000L;

    private record Event(long count, int channel, UnsafeBuffer bytes) {}

    private final List<Event> log = new ArrayList<>();
    private final ByteArrayOutputStream console = new ByteArrayOutputStream();

    private static RiscvMachine boot() throws IOException {
        Path images = Path.of(System.getProperty("mirror.home"), "build", "riscv");
        assertTrue(Files.exists(images.resolve("initrd")), images + " is missing: dev/guest-riscv makes it");
        RiscvMachine machine = new RiscvMachine(MachineConfig.ofRam(192L << 20));
        LinuxBoot.read(images, "console=ttyS0 earlycon=sbi mirror.ip=10.0.0.2/24")
                .into(machine);
        return machine;
    }

    private void inject(RiscvMachine machine, int channel, byte[] bytes) {
        UnsafeBuffer event = new UnsafeBuffer(bytes);
        machine.inject(channel, event, 0, bytes.length);
        log.add(new Event(machine.instructionCount(), channel, event));
    }

    private String said() {
        return console.toString(StandardCharsets.UTF_8);
    }

    /** Runs, with time that jumps to the next deadline when the guest sleeps, until it has said that. */
    private void runUntilSaid(RiscvMachine machine, String wanted) {
        while (!said().contains(wanted)) {
            Stop stop = machine.run(machine.instructionCount() + SLICE);
            Guests.drain(machine, Board.CONSOLE, console);
            if (stop == Stop.ENDED || machine.instructionCount() > LIMIT) {
                throw new AssertionError("'" + wanted + "' was not said: " + stop + "\n" + said());
            }
            if (stop == Stop.IDLE) {
                byte[] time = new byte[Long.BYTES];
                new UnsafeBuffer(time).putLong(0, machine.deadlineNs(), ByteOrder.LITTLE_ENDIAN);
                inject(machine, Board.CLOCK, time);
            }
        }
    }

    @Test
    void shouldBootToAShellAndRepeatItExactly() throws IOException {
        try (RiscvMachine machine = boot();
                RiscvMachine replica = boot()) {
            byte[] entropy = new byte[1024];
            new java.util.Random(1).nextBytes(entropy);
            inject(machine, Board.ENTROPY, entropy);
            runUntilSaid(machine, "mirror: shell ready");
            inject(
                    machine,
                    Board.CONSOLE,
                    "uname -m; echo $((6*7))-$(wc -l < /proc/net/dev)\n".getBytes(StandardCharsets.UTF_8));
            runUntilSaid(machine, "42-4");
            assertTrue(said().contains("riscv64"), said());
            Path target = Path.of(System.getProperty("mirror.home"), "mirror-hypervisor", "target");
            Files.writeString(target.resolve("linux-boot.log"), said());

            replay(replica, machine.instructionCount());
            assertEquals(machine.describeState(), replica.describeState());
            assertEquals(machine.stateDigest(), replica.stateDigest());
            assertEquals(machine.memoryDigest(), replica.memoryDigest());
            goOnInACopy(machine);
        }
    }

    private void replay(RiscvMachine replica, long end) {
        int next = 0;
        while (replica.instructionCount() < end || next < log.size()) {
            long until = next < log.size() ? log.get(next).count() : end;
            while (replica.instructionCount() < until) {
                assertTrue(replica.run(until) != Stop.IDLE || replica.instructionCount() == until, "asleep too early");
                replica.drainOutput((count, channel, buffer, offset, length) -> {}, Integer.MAX_VALUE);
            }
            if (next < log.size()) {
                Event event = log.get(next++);
                replica.inject(event.channel(), event.bytes(), 0, event.bytes().capacity());
            }
        }
    }

    /** A checkpoint of the running system, loaded into a third machine: it goes on as the first one does. */
    private void goOnInACopy(RiscvMachine machine) {
        try (RiscvMachine copy = new RiscvMachine(machine.config())) {
            machine.harvestWritten(new PageSet(machine.memory().pageCount()));
            UnsafeBuffer state = new UnsafeBuffer(new byte[machine.maxStateBytes()]);
            int length = machine.saveState(state, 0);
            for (long page = 0; page < machine.memory().pageCount(); page++) {
                copy.memory().copyFrom(machine.memory(), page, page);
                copy.memoryReplaced(page);
            }
            copy.loadState(state, 0, length);
            byte[] work = "for i in 1 2 3; do ls -l /bin | wc -l; done; echo worked-$((3*5))\n"
                    .getBytes(StandardCharsets.UTF_8);
            inject(machine, Board.CONSOLE, work);
            int from = log.size();
            long before = log.get(from - 1).count();
            runUntilSaid(machine, "worked-15");
            copy.inject(Board.CONSOLE, new UnsafeBuffer(work), 0, work.length);
            assertEquals(before, copy.instructionCount());
            List<Event> rest = new ArrayList<>(log.subList(from, log.size()));
            log.clear();
            log.addAll(rest);
            replay(copy, machine.instructionCount());
            assertEquals(machine.describeState(), copy.describeState());
            assertEquals(machine.stateDigest(), copy.stateDigest());
            assertEquals(machine.memoryDigest(), copy.memoryDigest());
        }
    }
}
