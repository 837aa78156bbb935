package io.lockstep.hypervisor.qemu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assertions;

/** Real guests for tests: specs of the image that dev/guest builds, directories on tmpfs, and clean-up of all of it. */
final class TestGuests implements AutoCloseable {
    static final String READY = "mirror-guest: ready";
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
    private static String accelerator;

    private final Path root;
    private final List<AutoCloseable> resources = new ArrayList<>();

    TestGuests() throws IOException {
        root = Files.createTempDirectory(Path.of("/dev/shm"), "mirror-it-");
    }

    /** The image's directory; fails the test if there is none. */
    static Path image() {
        Path given = Path.of(System.getProperty("mirror.guest", "build/guest"));
        for (Path candidate : List.of(given, Path.of("../build/guest"))) {
            if (Files.isRegularFile(candidate.resolve("vmlinuz")) && Files.isRegularFile(candidate.resolve("initrd"))) {
                return candidate.toAbsolutePath().normalize();
            }
        }
        return Assertions.fail("no guest image in " + given.toAbsolutePath() + ": run dev/guest first");
    }

    GuestSpec spec(String name, String machine) {
        GuestSpec spec = GuestSpec.of(
                        name,
                        image().resolve("vmlinuz").toString(),
                        image().resolve("initrd").toString())
                .withMachine(machine)
                .withSize(192L << 20, 1)
                .withKernelArguments("mirror.ip=10.77.0.10/24 mirror.load=tick");
        if (accelerator == null) {
            accelerator = Accelerators.resolve(spec).accelerator();
        }
        return Accelerators.resolve(spec.withAccelerator(accelerator))
                .withSerialLog(root.resolve(name + ".log").toString());
    }

    Path directory(String name) {
        return root.resolve(name);
    }

    QemuBoot beginBoot(GuestSpec spec) {
        QemuBoot boot = QemuBoot.begin(spec, directory(spec.name() + ".run"), Map.of());
        resources.add(() -> boot.discard("test over"));
        return boot;
    }

    /** Boots a guest; it runs, but need not have come far. */
    QemuGuest boot(GuestSpec spec) {
        QemuBoot boot = beginBoot(spec);
        await("boot", boot::problem, () -> {
            QemuBoot.Phase phase = boot.poll();
            Assertions.assertNotEquals(QemuBoot.Phase.FAILED, phase, boot::problem);
            return phase == QemuBoot.Phase.RUNNING;
        });
        resources.add(boot.guest());
        return boot.guest();
    }

    QemuStandby standby(GuestSpec spec) {
        QemuStandby standby = QemuStandby.prepare(spec, directory(spec.name() + ".run"), Map.of());
        resources.add(() -> {
            if (standby.poll() != QemuStandby.Phase.LIVE) {
                standby.discard("test over");
            }
        });
        return standby;
    }

    void closeLater(AutoCloseable resource) {
        resources.add(resource);
    }

    static String console(GuestSpec spec) {
        try {
            Path log = Path.of(spec.serialLog());
            return Files.exists(log) ? Files.readString(log, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** The last complete "tick N" on the console, 0 if none. */
    static int lastTick(GuestSpec spec) {
        int last = 0;
        String console = console(spec);
        String complete = console.substring(0, console.lastIndexOf('\n') + 1);
        for (String line : complete.split("\n", -1)) {
            String text = line.strip();
            if (text.matches("tick \\d+")) {
                last = Integer.parseInt(text.substring(5));
            }
        }
        return last;
    }

    /** Polls until the condition holds. */
    static void await(String what, Supplier<String> detail, BooleanSupplier condition) {
        long deadline = System.nanoTime() + LIMIT_NS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                Assertions.fail("waited too long for " + what + ": " + detail.get());
            }
            LockSupport.parkNanos(20_000);
        }
    }

    @Override
    public void close() throws IOException {
        Collections.reverse(resources);
        for (AutoCloseable resource : resources) {
            closeOne(resource);
        }
        List<Path> left = new ArrayList<>();
        try (var files = Files.walk(root)) {
            files.sorted(Collections.reverseOrder()).forEach(path -> {
                if (!path.equals(root) && !path.toString().endsWith(".log")) {
                    left.add(path);
                }
                path.toFile().delete();
            });
        }
        Assertions.assertEquals(List.of(), left, "files left behind");
    }

    private static void closeOne(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            throw new IllegalStateException("clean-up failed", e);
        }
    }
}
