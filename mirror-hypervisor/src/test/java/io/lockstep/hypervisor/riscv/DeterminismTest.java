package io.lockstep.hypervisor.riscv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.lockstep.hypervisor.riscv.boot.ServiceGuest;
import io.lockstep.hypervisor.riscv.device.Board;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.LockstepMachine.Stop;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two machines, the same events at the same counts: equal, however their runs are cut, and wherever one was taken over from a saved state. */
final class DeterminismTest {
    private static final long STEP = 20_000;

    private static RiscvMachine service() {
        RiscvMachine machine = new RiscvMachine(MachineConfig.ofRam(ServiceGuest.RAM_BYTES));
        machine.load(ServiceGuest.image());
        return machine;
    }

    /** To exactly that count, in pieces of random length; idle machines stay where they are. */
    private static void runTo(RiscvMachine machine, long count, Random cuts, ByteArrayOutputStream output) {
        while (machine.instructionCount() < count) {
            long until = Math.min(count, machine.instructionCount() + 1 + cuts.nextInt(cuts.nextBoolean() ? 9 : 3000));
            Stop stop = machine.run(until);
            Guests.drain(machine, Board.STREAM, output);
            if (cuts.nextInt(50) == 0) {
                machine.memoryDigest();
            }
            if (stop == Stop.IDLE) {
                return;
            }
        }
    }

    private static void assertSame(RiscvMachine a, RiscvMachine b, String when) {
        assertEquals(a.instructionCount(), b.instructionCount(), when);
        assertEquals(a.describeState(), b.describeState(), when);
        assertEquals(a.stateDigest(), b.stateDigest(), when);
        assertEquals(a.memoryDigest(), b.memoryDigest(), when);
    }

    private static RiscvMachine takeOver(RiscvMachine from) {
        RiscvMachine copy = new RiscvMachine(from.config());
        PageSet all = new PageSet(from.memory().pageCount());
        from.harvestWritten(all);
        UnsafeBuffer state = new UnsafeBuffer(new byte[from.maxStateBytes()]);
        int length = from.saveState(state, 0);
        for (long page = 0; page < from.memory().pageCount(); page++) {
            copy.memory().copyFrom(from.memory(), page, page);
            copy.memoryReplaced(page);
        }
        copy.loadState(state, 0, length);
        return copy;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void shouldBeEqualAfterTheSameEvents(long seed) {
        Random events = new Random(seed);
        Random cuts = new Random(seed + 100);
        RiscvMachine a = service();
        RiscvMachine b = service();
        ByteArrayOutputStream fromA = new ByteArrayOutputStream();
        ByteArrayOutputStream fromB = new ByteArrayOutputStream();
        for (int i = 0; i < 60; i++) {
            long until = a.instructionCount() + events.nextInt((int) STEP);
            runTo(a, until, cuts, fromA);
            // An idle machine stops before: that count is where both get the next event.
            runTo(b, a.instructionCount(), cuts, fromB);
            assertSame(a, b, "seed " + seed + ", event " + i);
            String key = "k" + events.nextInt(5);
            byte[] frame = events.nextBoolean()
                    ? Guests.frame(events.nextInt(3), "INCR", key)
                    : Guests.frame(events.nextInt(3), "GET", key);
            a.inject(Board.STREAM, new UnsafeBuffer(frame), 0, frame.length);
            b.inject(Board.STREAM, new UnsafeBuffer(frame), 0, frame.length);
            if (i == 30) {
                RiscvMachine copy = takeOver(b);
                b.close();
                b = copy;
                assertSame(a, b, "seed " + seed + ", taken over");
            }
        }
        assertNotEquals(0, fromA.size());
        org.junit.jupiter.api.Assertions.assertArrayEquals(fromA.toByteArray(), fromB.toByteArray());
        a.close();
        b.close();
    }

    @Test
    void shouldStopExactlyWhereverItIsAskedTo() {
        try (RiscvMachine whole = Guests.machine("privileged.elf");
                RiscvMachine cut = Guests.machine("privileged.elf")) {
            for (long count = 1; count < 3_000; count++) {
                if (cut.run(count) == Stop.ENDED) {
                    break;
                }
                cut.drainOutput((c, channel, buffer, offset, length) -> {}, Integer.MAX_VALUE);
                assertEquals(count, cut.instructionCount());
            }
            while (whole.run(cut.instructionCount()) == Stop.OUTPUT) {
                whole.drainOutput((c, channel, buffer, offset, length) -> {}, Integer.MAX_VALUE);
            }
            assertSame(whole, cut, "after " + cut.instructionCount());
        }
    }

    @Test
    void shouldInterruptAtTheSameCountHoweverItIsCut() {
        long seed = 12;
        Random cuts = new Random(seed);
        try (RiscvMachine whole = Guests.machine("timer.elf");
                RiscvMachine cut = Guests.machine("timer.elf")) {
            String printed = Guests.finish(whole, 100_000_000);
            ByteArrayOutputStream pieces = new ByteArrayOutputStream();
            while (cut.run(cut.instructionCount() + 1 + cuts.nextInt(20)) != Stop.ENDED) {
                Guests.drain(cut, Board.CONSOLE, pieces);
            }
            Guests.drain(cut, Board.CONSOLE, pieces);
            assertEquals(printed, pieces.toString(java.nio.charset.StandardCharsets.UTF_8), "seed " + seed);
            assertEquals(17, printed.length());
            assertSame(whole, cut, "at the end");
        }
    }

    @Test
    void shouldSeeAFlippedBit() {
        try (RiscvMachine machine = service()) {
            machine.run(1000);
            long before = machine.memoryDigest();
            assertEquals(before, machine.memoryDigest());
            long page = 77;
            machine.memory().chunk(page).putByte(machine.memory().offset(page) + 5, (byte) 1);
            machine.memoryReplaced(page);
            assertNotEquals(before, machine.memoryDigest());
        }
    }
}
