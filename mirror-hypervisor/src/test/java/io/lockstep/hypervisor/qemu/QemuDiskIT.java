package io.lockstep.hypervisor.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.StandbyVm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.ExpandableArrayBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Guests with a disk, which a foreign server (qemu-nbd) serves: checkpoints under load, and life on a standby that has the disk of the last
 * checkpoint. The guest's diskload judges.
 */
class QemuDiskIT {
    private static final long DISK = 96L << 20;
    private static final String DISK_WORDS = "mirror.redis=disk mirror.diskload=32:300";
    private static final Pattern OPERATIONS = Pattern.compile("operations=(\\d+)");
    private static final int EPOCHS = 20;

    private TestGuests guests;
    private final ExpandableArrayBuffer state = new ExpandableArrayBuffer();
    private int stateLength;

    @BeforeEach
    void open() throws Exception {
        guests = new TestGuests();
    }

    @AfterEach
    void close() throws Exception {
        guests.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {GuestSpec.Q35 + ";SAVE_COMMAND", GuestSpec.MICROVM + ";SAVE_COMMAND", GuestSpec.Q35 + ";MIGRATION"
            })
    void shouldGoOnWithTheDiskOfTheLastCheckpoint(String machine, QemuGuest.Method method) throws Exception {
        Path from = image("from.img");
        GuestSpec spec = withDisk(guests.spec("source", machine), serve(from));
        QemuGuest source = guests.boot(spec);
        source.method(method);
        awaitOperations(source, spec, 0);

        // The copy is made late: the standby has read the disk before that, and must not remember.
        Path to = image("to.img");
        GuestSpec there =
                withDisk(spec.withSerialLog(guests.directory("there.log").toString()), serve(to));
        QemuStandby standby = QemuStandby.prepare(there, guests.directory("there.run"), Map.of());
        boolean[] handedOut = {false};
        guests.closeLater(() -> {
            if (!handedOut[0]) {
                standby.discard("test over");
            }
        });
        awaitPhase(standby, StandbyVm.Phase.READY);
        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            pause(source);
            if (epoch == EPOCHS - 1) {
                copy(source, standby, from, to);
            }
            resume(source);
        }
        source.kill("the source is lost");
        standby.activate(source.baseline(), state, stateLength);
        awaitPhase(standby, StandbyVm.Phase.LIVE);
        QemuGuest survivor = standby.guest();
        handedOut[0] = true;
        guests.closeLater(survivor);
        awaitOperations(survivor, there, operations(spec));
        assertFalse(console(spec, there).contains("FAIL"), () -> console(spec, there));
    }

    @Test
    void shouldNoticeADiskThatLostWrites() throws Exception {
        Path image = image("from.img");
        GuestSpec spec = withDisk(guests.spec("source", GuestSpec.Q35), serve(image));
        QemuGuest guest = guests.boot(spec);
        awaitOperations(guest, spec, 0);
        byte[] old = Files.readAllBytes(image);
        awaitOperations(guest, spec, operations(spec));
        pause(guest);
        // In place: the server has the file open.
        Files.write(image, old);
        resume(guest);
        TestGuests.await("the guest to notice", () -> TestGuests.console(spec), () -> {
            assertEquals(GuestVm.Phase.RUNNING, guest.poll(), guest::problem);
            return TestGuests.console(spec).contains("diskload: FAIL");
        });
    }

    @Test
    void shouldSayWhyAGuestWithoutItsDiskDoesNotStart() {
        GuestSpec spec = guests.spec("source", GuestSpec.Q35).withDisk(DISK);
        QemuBoot nowhere = guests.beginBoot(spec);
        assertEquals(QemuBoot.Phase.FAILED, nowhere.poll());
        assertTrue(nowhere.problem().contains("has a disk, but no socket"), nowhere.problem());
    }

    private static GuestSpec withDisk(GuestSpec spec, Path socket) {
        GuestSpec with = spec.withDisk(DISK).withDiskSocket(socket.toString());
        return with.commandLine().contains(DISK_WORDS) ? with : with.withKernelArguments(DISK_WORDS);
    }

    /** An image with an ext4 file system of 32 MiB at its begin. */
    private Path image(String name) throws Exception {
        Path image = guests.directory(name);
        guests.closeLater(() -> Files.deleteIfExists(image));
        run(List.of("truncate", "-s", Long.toString(DISK), image.toString()));
        run(List.of("/sbin/mkfs.ext4", "-q", "-F", image.toString(), "32M"));
        return image;
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertEquals(0, process.waitFor(), command::toString);
    }

    private Path serve(Path image) throws IOException {
        Path socket = Path.of(image + ".sock");
        Process server = new ProcessBuilder(
                        "qemu-nbd",
                        "-t",
                        "-x",
                        GuestSpec.DISK_EXPORT,
                        "-f",
                        "raw",
                        "--cache=writeback",
                        "-k",
                        socket.toString(),
                        image.toString())
                .inheritIO()
                .start();
        guests.closeLater(() -> {
            server.destroyForcibly();
            assertTrue(server.waitFor(10, TimeUnit.SECONDS));
            Files.deleteIfExists(socket);
        });
        TestGuests.await("qemu-nbd", server::toString, () -> Files.exists(socket));
        return socket;
    }

    private void copy(QemuGuest source, QemuStandby standby, Path from, Path to) throws IOException {
        for (long page = 0; page < source.memory().pageCount(); page++) {
            standby.memory().copyFrom(source.memory(), page, page);
        }
        stateLength = source.stateLength();
        source.copyState(0, state, 0, stateLength);
        Path fresh = Files.copy(from, guests.directory("fresh.img"), StandardCopyOption.REPLACE_EXISTING);
        Files.write(to, Files.readAllBytes(fresh));
        Files.delete(fresh);
    }

    private static void pause(QemuGuest guest) {
        guest.requestCheckpoint();
        TestGuests.await("checkpoint", guest::problem, () -> {
            GuestVm.Phase phase = guest.poll();
            assertNotEquals(GuestVm.Phase.CHECKPOINT_FAILED, phase, guest::problem);
            assertNotEquals(GuestVm.Phase.LOST, phase, guest::problem);
            return phase == GuestVm.Phase.STATE_READY;
        });
    }

    private static void resume(QemuGuest guest) {
        guest.resume();
        TestGuests.await("resume", guest::problem, () -> {
            assertEquals(GuestVm.Phase.RUNNING, guest.poll(), guest::problem);
            return !guest.resuming();
        });
    }

    private static void awaitPhase(QemuStandby standby, StandbyVm.Phase wanted) {
        TestGuests.await(wanted.toString(), standby::problem, () -> {
            assertNotEquals(StandbyVm.Phase.FAILED, standby.poll(), standby::problem);
            return standby.poll() == wanted;
        });
    }

    /** Waits until diskload has reported more operations than {@code already}. */
    private static void awaitOperations(QemuGuest guest, GuestSpec spec, long already) {
        TestGuests.await("disk operations", () -> TestGuests.console(spec), () -> {
            assertEquals(GuestVm.Phase.RUNNING, guest.poll(), guest::problem);
            return operations(spec) > already;
        });
    }

    private static long operations(GuestSpec spec) {
        long last = 0;
        Matcher matcher = OPERATIONS.matcher(TestGuests.console(spec));
        while (matcher.find()) {
            last = Long.parseLong(matcher.group(1));
        }
        return last;
    }

    private static String console(GuestSpec spec, GuestSpec other) {
        return TestGuests.console(spec) + "---\n" + TestGuests.console(other);
    }
}
