package io.lockstep.hypervisor.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.StandbyVm;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How guests begin and end, with real QEMUs. */
class QemuLifecycleIT {
    private static final long ALLOCATION_LIMIT = 64;

    private TestGuests guests;

    @BeforeEach
    void open() throws IOException {
        guests = new TestGuests();
    }

    @AfterEach
    void close() throws IOException {
        guests.close();
    }

    @Test
    void shouldShowWhatQemuSaysWhenItRefusesAnOption() {
        GuestSpec spec = guests.spec("refused", GuestSpec.MICROVM).withExtraArguments(List.of("-nonsense"));

        String problem = failedBoot(spec);

        assertTrue(problem.contains("-nonsense: invalid option"), problem);
        assertTrue(problem.contains("exit status 1"), problem);
        assertTrue(problem.contains("command: setpriv --pdeathsig KILL qemu-system-x86_64 -name refused"), problem);
    }

    @Test
    void shouldSayThatQemuIsMissing() {
        String problem = failedBoot(guests.spec("missing", GuestSpec.MICROVM).withQemu("qemu-system-none"));

        assertTrue(problem.contains("qemu-system-none"), problem);
        assertTrue(problem.contains("exit status 127"), problem);
    }

    private String failedBoot(GuestSpec spec) {
        QemuBoot boot = guests.beginBoot(spec);
        TestGuests.await("failure", boot::problem, () -> boot.poll() == QemuBoot.Phase.FAILED);
        return boot.problem();
    }

    @ParameterizedTest
    @ValueSource(strings = {GuestSpec.MICROVM, GuestSpec.Q35})
    void shouldReportAnOrderlyPowerOff(String machine) {
        GuestSpec spec = guests.spec("off", machine).withKernelArguments("mirror.load=poweroff:0");

        QemuGuest guest = guests.boot(spec);

        TestGuests.await("power off", () -> TestGuests.console(spec), () -> guest.poll() == GuestVm.Phase.POWERED_OFF);
        assertEquals("", guest.problem());
    }

    @Test
    void shouldReportLossWithTheReasonWhenKilled() {
        QemuGuest guest = guests.boot(guests.spec("killed", GuestSpec.MICROVM));
        ProcessHandle process = ProcessHandle.of(guest.pid()).orElseThrow();

        guest.kill("fenced by a test");
        guest.kill("again");

        assertEquals(GuestVm.Phase.LOST, guest.poll());
        assertEquals("fenced by a test", guest.problem());
        TestGuests.await("end of QEMU", process::toString, () -> !process.isAlive());
    }

    @Test
    void shouldReportLossWhenQemuIsTerminatedFromOutside() {
        QemuGuest guest = guests.boot(guests.spec("terminated", GuestSpec.MICROVM));

        ProcessHandle.of(guest.pid()).orElseThrow().destroy();

        TestGuests.await("loss", guest::problem, () -> guest.poll() == GuestVm.Phase.LOST);
        assertTrue(guest.problem().contains("host-signal"), guest.problem());
    }

    @Test
    void shouldReportLossDuringACheckpoint() {
        QemuGuest guest = guests.boot(guests.spec("paused", GuestSpec.MICROVM));
        guest.requestCheckpoint();
        awaitPhase(guest, GuestVm.Phase.STATE_READY);

        ProcessHandle.of(guest.pid()).orElseThrow().destroyForcibly();

        awaitPhase(guest, GuestVm.Phase.LOST);
        assertThrows(IllegalStateException.class, guest::resume);
    }

    @Test
    void shouldGoOnAfterACheckpointThatCouldNotBeSaved() throws IOException {
        GuestSpec spec = guests.spec("full", GuestSpec.MICROVM);
        QemuGuest guest = guests.boot(spec);
        Path state = guests.directory("full.run").resolve("state");
        Files.createSymbolicLink(state, Path.of("/dev/full"));

        guest.requestCheckpoint();
        awaitPhase(guest, GuestVm.Phase.CHECKPOINT_FAILED);
        assertTrue(guest.problem().contains("xen-save-devices-state refused"), guest.problem());
        guest.resume();

        Files.delete(state);
        guest.requestCheckpoint();
        awaitPhase(guest, GuestVm.Phase.STATE_READY);
        guest.resume();
        TestGuests.await("ticks", () -> TestGuests.console(spec), () -> {
            assertEquals(GuestVm.Phase.RUNNING, guest.poll(), guest::problem);
            return TestGuests.lastTick(spec) > 0;
        });
    }

    @Test
    void shouldTakeACheckpointRequestedRightAfterResume() {
        QemuGuest guest = guests.boot(guests.spec("hasty", GuestSpec.MICROVM));
        for (int i = 0; i < 100; i++) {
            guest.requestCheckpoint();
            awaitPhase(guest, GuestVm.Phase.STATE_READY);
            assertTrue(guest.stateLength() > 1000);
            guest.resume();
            assertEquals(GuestVm.Phase.RUNNING, guest.poll(), guest::problem);
        }
    }

    @Test
    void shouldNotAllocatePerCheckpoint() {
        QemuGuest guest = guests.boot(guests.spec("steady", GuestSpec.MICROVM));
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int warmUp = 500;
        int epochs = 200;
        long before = 0;
        for (int i = 0; i < warmUp + epochs; i++) {
            before = i == warmUp ? threads.getCurrentThreadAllocatedBytes() : before;
            guest.requestCheckpoint();
            while (guest.poll() != GuestVm.Phase.STATE_READY) {
                Thread.onSpinWait();
            }
            guest.resume();
        }

        long perEpoch = (threads.getCurrentThreadAllocatedBytes() - before) / epochs;

        assertTrue(perEpoch < ALLOCATION_LIMIT, perEpoch + " bytes allocated per checkpoint");
    }

    @Test
    void shouldRefuseCallsThatArePremature() {
        QemuGuest guest = guests.boot(guests.spec("early", GuestSpec.MICROVM));

        assertThrows(IllegalStateException.class, guest::resume);
        assertThrows(IllegalStateException.class, guest::stateLength);
        guest.requestCheckpoint();
        assertThrows(IllegalStateException.class, guest::requestCheckpoint);
    }

    @Test
    void shouldRefuseAStandbyThatDoesNotFit() {
        GuestSpec spec = guests.spec("huge", GuestSpec.MICROVM).withSize(4L << 40, 1);

        QemuStandby standby = guests.standby(spec);

        assertEquals(StandbyVm.Phase.FAILED, standby.poll());
        assertTrue(standby.problem().contains("wanted " + (4L << 40) + " bytes, "), standby.problem());
        assertEquals(-1, standby.pid());
    }

    @Test
    void shouldRefuseADirectoryInUse() {
        GuestSpec spec = guests.spec("twice", GuestSpec.MICROVM);
        QemuGuest guest = guests.boot(spec);

        String problem = failedBoot(spec);

        assertTrue(problem.contains("in use"), problem);
        assertEquals(GuestVm.Phase.RUNNING, guest.poll(), guest::problem);
    }

    @Test
    void shouldFailActivationOfADamagedState() {
        GuestSpec spec = guests.spec("damaged", GuestSpec.MICROVM);
        QemuGuest guest = guests.boot(spec);
        guest.requestCheckpoint();
        awaitPhase(guest, GuestVm.Phase.STATE_READY);
        byte[] state = new byte[guest.stateLength()];
        guest.copyState(0, new UnsafeBuffer(state), 0, state.length);
        QemuStandby standby = QemuStandby.prepare(spec.withSerialLog(""), guests.directory("standby.run"), Map.of());
        guests.closeLater(() -> standby.discard("test over"));
        TestGuests.await("standby", standby::problem, () -> standby.poll() == StandbyVm.Phase.READY);

        standby.activate(guest.baseline(), new UnsafeBuffer(state), state.length / 2);

        TestGuests.await("failure", standby::problem, () -> {
            assertNotEquals(StandbyVm.Phase.LIVE, standby.poll());
            return standby.poll() == StandbyVm.Phase.FAILED;
        });
        assertTrue(standby.problem().contains("load"), standby.problem());
    }

    @Test
    void shouldHandTheEnvironmentToQemu() throws IOException {
        GuestSpec spec = guests.spec("environment", GuestSpec.MICROVM);
        QemuBoot boot = QemuBoot.begin(spec, guests.directory("environment.run"), Map.of("MIRROR_TEST", "a b=c"));
        guests.closeLater(() -> boot.discard("test over"));
        TestGuests.await("boot", boot::problem, () -> {
            assertNotEquals(QemuBoot.Phase.FAILED, boot.poll(), boot::problem);
            return boot.poll() == QemuBoot.Phase.RUNNING;
        });
        guests.closeLater(boot.guest());

        Path environment = Path.of("/proc", Long.toString(boot.guest().pid()), "environ");

        assertTrue(Files.readString(environment).contains("MIRROR_TEST=a b=c\0"));
        assertTrue(System.getenv("MIRROR_TEST") == null);
    }

    @Test
    void shouldNotOutliveItsEngine() throws Exception {
        GuestSpec spec = guests.spec("orphan", GuestSpec.MICROVM);
        Path directory = guests.directory("orphan.run");
        Process engine = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-opens",
                        "java.base/jdk.internal.misc=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        EngineMain.class.getName(),
                        new String(spec.toJson(), StandardCharsets.UTF_8),
                        directory.toString())
                .redirectErrorStream(true)
                .start();
        guests.closeLater(engine::destroyForcibly);
        ProcessHandle qemu;
        try (BufferedReader output = engine.inputReader(StandardCharsets.UTF_8)) {
            String line = output.readLine();
            assertTrue(line != null && line.startsWith("pid "), line);
            qemu = ProcessHandle.of(Long.parseLong(line.substring(4))).orElseThrow();
            assertTrue(qemu.isAlive());
            engine.destroyForcibly();
        }

        TestGuests.await("end of QEMU", qemu::toString, () -> !qemu.isAlive());
        // The dead engine's directory is taken over, not refused.
        QemuGuest next = guests.boot(spec);
        assertEquals(GuestVm.Phase.RUNNING, next.poll(), next::problem);
        assertFalse(qemu.isAlive());
    }

    private static void awaitPhase(QemuGuest guest, GuestVm.Phase wanted) {
        TestGuests.await(wanted.toString(), guest::problem, () -> guest.poll() == wanted);
    }
}
