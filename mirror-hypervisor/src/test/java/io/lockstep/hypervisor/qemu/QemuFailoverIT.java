package io.lockstep.hypervisor.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.StandbyVm;
import java.util.Arrays;
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

    private void failOver(String machine, QemuGuest.Method method) {
        GuestSpec spec = guests.spec("source", machine);
        long bootNs = System.nanoTime();
        QemuGuest source = guests.boot(spec);
        source.method(method);
        GuestSpec standbySpec =
                spec.withSerialLog(guests.directory("standby.log").toString());
        QemuStandby standby = QemuStandby.prepare(standbySpec, guests.directory("standby.run"), java.util.Map.of());
        guests.closeLater(() -> {
            if (standby.poll() != StandbyVm.Phase.LIVE) {
                standby.discard("test over");
            }
        });
        awaitReady(standby);
        TestGuests.await("first ticks", () -> TestGuests.console(spec), () -> {
            assertEquals(GuestVm.Phase.RUNNING, source.poll(), source::problem);
            return TestGuests.lastTick(spec) > 0;
        });
        bootNs = System.nanoTime() - bootNs;

        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            checkpoint(source, standby.memory(), epoch);
        }
        assertEquals(method, source.method());
        int committedTick = TestGuests.lastTick(spec);
        killHard(source);

        long loadNs = System.nanoTime();
        standby.activate(source.baseline(), state, stateLength);
        TestGuests.await("activation", standby::problem, () -> {
            assertNotEquals(StandbyVm.Phase.FAILED, standby.poll(), standby::problem);
            return standby.poll() == StandbyVm.Phase.LIVE;
        });
        loadNs = System.nanoTime() - loadNs;
        QemuGuest survivor = standby.guest();
        guests.closeLater(survivor);
        TestGuests.await("life after failover", () -> TestGuests.console(standbySpec), () -> {
            assertEquals(GuestVm.Phase.RUNNING, survivor.poll(), survivor::problem);
            return TestGuests.lastTick(standbySpec) > committedTick + 5;
        });
        report(machine, method, bootNs, loadNs);
        assertTrue(firstTick(standbySpec) <= committedTick + 1, "ticks are missing after the failover");

        checkpoint(survivor, null, 0);
        reboot(survivor, standbySpec);
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

    private void report(String machine, QemuGuest.Method method, long bootNs, long loadNs) {
        for (long[] part : partsNs) {
            Arrays.sort(part);
        }
        System.out.printf(
                "%s %s: boot %.1f s, stop %.2f ms, save %.2f ms, cont %.2f ms (medians of %d), state %d bytes,"
                        + " activate %.1f ms%n",
                machine,
                method,
                bootNs / 1e9,
                partsNs[0][EPOCHS / 2] / 1e6,
                partsNs[1][EPOCHS / 2] / 1e6,
                partsNs[2][EPOCHS / 2] / 1e6,
                EPOCHS,
                stateLength,
                loadNs / 1e6);
    }
}
