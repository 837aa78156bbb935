package io.lockstep.hypervisor.qemu;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** An engine of its own: boots the guest whose spec is the first argument and polls it until it is killed. */
final class EngineMain {
    private EngineMain() {}

    public static void main(String[] arguments) throws Exception {
        GuestSpec spec = GuestSpec.fromJson(arguments[0].getBytes(StandardCharsets.UTF_8));
        QemuBoot boot = QemuBoot.begin(spec, Path.of(arguments[1]), Map.of());
        while (boot.poll() != QemuBoot.Phase.RUNNING) {
            if (!boot.problem().isEmpty()) {
                throw new IllegalStateException(boot.problem());
            }
            LockSupport.parkNanos(1_000_000);
        }
        System.out.println("pid " + boot.guest().pid());
        while (true) {
            boot.guest().poll();
            LockSupport.parkNanos(1_000_000);
        }
    }
}
