package io.lockstep.hypervisor.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.StandbyVm;
import java.util.Arrays;
import java.util.Map;
import org.agrona.ExpandableArrayBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole way with real QEMUs: boot, checkpoints, loss of the source, life on the standby. */
class QemuFailoverIT {
    private static final int EPOCHS = 60;

    private TestGuests guests;
    private final ExpandableArrayBuffer state = new ExpandableArrayBuffer();
    private int stateLength;
    private final long[][] partsNs = new long[3][EPOCHS];

    @BeforeEach
    void open() throws Exception {
        guests = new TestGuests();
    }

    @AfterEach
    void close() throws Exception {
        guests.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {GuestSpec.MICROVM, GuestSpec.Q35})
    void shouldGoOnWhereTheLastCheckpointWas(String machine) {
        failOver(machine, QemuGuest.Method.SAVE_COMMAND);
    }

    @ParameterizedTest
    @ValueSource(strings = {GuestSpec.MICROVM, GuestSpec.Q35})
    void shouldFailOverFromMigratedState(String machine) {
        failOver(machine, QemuGuest.Method.MIGRATION);
    }

    /** Twice in a row: a survivor is protected like any guest. */
    private void failOver(String machine, QemuGuest.Method method) {
        GuestSpec spec = guests.spec("source", machine);
        long startNs = System.nanoTime();
        QemuGuest source = guests.boot(spec);
        source.method(method);
        TestGuests.await("ticks", () -> TestGuests.console(spec), () -> {
            assertEquals(GuestVm.Phase.RUNNING, source.poll(), source::problem);
            return TestGuests.lastTick(spec) > 0;
        });
        System.out.printf("%s: first tick after %.1f s%n", machine, (System.nanoTime() - startNs) / 1e9);

        GuestSpec first = spec.withSerialLog(guests.directory("first.log").toString());
        QemuGuest survivor = failOverOnce(source, spec, first, "first.run");
        survivor.method(method);
        GuestSpec second = spec.withSerialLog(guests.directory("second.log").toString());
        QemuGuest last = failOverOnce(survivor, first, second, "second.run");

        checkpoint(last, null, 0);
        reboot(last, second);
    }

    private QemuGuest failOverOnce(QemuGuest source, GuestSpec from, GuestSpec to, String directory) {
        QemuStandby standby = QemuStandby.prepare(to, guests.directory(directory), Map.of());
        boolean[] handedOut = {false};
        guests.closeLater(() -> {
            if (!handedOut[0]) {
                standby.discard("test over");
            }
        });
        awaitReady(standby);
        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            checkpoint(source, standby.memory(), epoch);
        }
        int committedTick = TestGuests.lastTick(from);
        killHard(source);

        long loadNs = System.nanoTime();
        standby.activate(source.baseline(), state, stateLength);
        TestGuests.await("activation", standby::problem, () -> {
            assertNotEquals(StandbyVm.Phase.FAILED, standby.poll(), standby::problem);
            return standby.poll() == StandbyVm.Phase.LIVE;
        });
        loadNs = System.nanoTime() - loadNs;
        QemuGuest survivor = standby.guest();
        handedOut[0] = true;
        guests.closeLater(survivor);
        report(from.machine(), source.method(), loadNs);
        TestGuests.await("life after failover", () -> TestGuests.console(to), () -> {
            assertEquals(GuestVm.Phase.RUNNING, survivor.poll(), survivor::problem);
            return TestGuests.lastTick(to) > committedTick + 5;
        });
        assertTrue(firstTick(to) <= committedTick + 1, "ticks are missing after the failover");
        return survivor;
    }

    private void awaitReady(QemuStandby standby) {
        TestGuests.await("standby", standby::problem, () -> {
            assertNotEquals(StandbyVm.Phase.FAILED, standby.poll(), standby::problem);
            return standby.poll() == StandbyVm.Phase.READY;
        });
    }

    /** One epoch: pause, copy everything, resume; the guest runs in between. */
    private void checkpoint(QemuGuest guest, PageRegion replica, int epoch) {
        long start = System.nanoTime();
        guest.requestCheckpoint();
        awaitPhase(guest, GuestVm.Phase.MEMORY_FINAL);
        long stopped = System.nanoTime();
        awaitPhase(guest, GuestVm.Phase.STATE_READY);
        long saved = System.nanoTime();
        if (replica != null) {
            for (long page = 0; page < replica.pageCount(); page++) {
                replica.copyFrom(guest.memory(), page, page);
            }
        }
        stateLength = guest.stateLength();
        guest.copyState(0, state, 0, stateLength);
        long copied = System.nanoTime();
        guest.resume();
        TestGuests.await("resume", guest::problem, () -> {
            assertEquals(GuestVm.Phase.RUNNING, guest.poll(), guest::problem);
            return !guest.resuming();
        });
        partsNs[0][epoch] = stopped - start;
        partsNs[1][epoch] = saved - stopped;
        partsNs[2][epoch] = System.nanoTime() - copied;
    }

    private static void awaitPhase(QemuGuest guest, GuestVm.Phase wanted) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        GuestVm.Phase phase = guest.poll();
        while (phase != wanted && !(wanted == GuestVm.Phase.MEMORY_FINAL && phase == GuestVm.Phase.STATE_READY)) {
            assertTrue(System.nanoTime() - deadline < 0, "guest stays in " + phase);
            assertTrue(phase == GuestVm.Phase.PAUSING || phase == GuestVm.Phase.MEMORY_FINAL, guest::problem);
            Thread.onSpinWait();
            phase = guest.poll();
        }
    }

    private static void killHard(QemuGuest source) {
        ProcessHandle.of(source.pid()).orElseThrow().destroyForcibly();
        TestGuests.await("loss", source::problem, () -> source.poll() == GuestVm.Phase.LOST);
        assertTrue(source.problem().contains("signal 9"), source::problem);
    }

    private static void reboot(QemuGuest survivor, GuestSpec spec) {
        assertTrue(!TestGuests.console(spec).contains(TestGuests.READY), "the standby must not have booted by itself");
        survivor.reset();
        TestGuests.await("reboot", () -> TestGuests.console(spec), () -> {
            assertEquals(GuestVm.Phase.RUNNING, survivor.poll(), survivor::problem);
            return TestGuests.console(spec).contains(TestGuests.READY);
        });
    }

    private static int firstTick(GuestSpec spec) {
        return Arrays.stream(TestGuests.console(spec).split("\n", -1))
                .map(String::strip)
                .filter(line -> line.matches("tick \\d+"))
                .mapToInt(line -> Integer.parseInt(line.substring(5)))
                .findFirst()
                .orElseThrow();
    }

    private void report(String machine, QemuGuest.Method method, long loadNs) {
        for (long[] part : partsNs) {
            Arrays.sort(part);
        }
        System.out.printf(
                "%s %s: stop %.2f ms, save %.2f ms, cont %.2f ms (medians of %d), state %d bytes,"
                        + " activate %.1f ms%n",
                machine,
                method,
                partsNs[0][EPOCHS / 2] / 1e6,
                partsNs[1][EPOCHS / 2] / 1e6,
                partsNs[2][EPOCHS / 2] / 1e6,
                EPOCHS,
                stateLength,
                loadNs / 1e6);
    }
}
