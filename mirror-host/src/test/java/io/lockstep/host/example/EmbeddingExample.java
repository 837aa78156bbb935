package io.lockstep.host.example;

import static java.util.concurrent.TimeUnit.MINUTES;

import io.lockstep.host.HostEvent;
import io.lockstep.host.MirrorHost;
import io.lockstep.host.ProtectedVm;
import io.lockstep.host.config.HostConfig;
import io.lockstep.hypervisor.qemu.GuestSpec;
import io.lockstep.mirror.MirrorPolicy;
import io.lockstep.mirror.failover.MirrorState;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** How a toolstack embeds the library. The README shows the marked lines; {@code ReadmeTest} compares them, {@code EmbeddingExampleIT} runs them. */
final class EmbeddingExample {
    private EmbeddingExample() {}

    /**
     * Starts a guest on host a, protects it with host b, moves it there, takes it back and ends the protection.
     *
     * @param work what the guest is there for; done on a, on b, and on a again
     * @param log is told of everything that happens on host a
     */
    static void run(
            InetSocketAddress listen,
            InetSocketAddress partner,
            Path runDir,
            Path arbiterDir,
            MirrorPolicy policy,
            List<String> kernelAndInitrd,
            Runnable work,
            Consumer<HostEvent> log)
            throws Exception {
        // begin README
        HostConfig config = HostConfig.of("a", listen, "b", partner, runDir, arbiterDir)
                .withPolicy(policy); // or leave it out: checkpoints 40 times a second, suspicion after 80 ms
        try (MirrorHost host = MirrorHost.start(config, log)) {
            host.listen(event -> {
                if (event instanceof HostEvent.StateChanged change && change.to() == MirrorState.SIMPLEX) {
                    System.out.println(change.vm() + " runs unprotected: " + change.reason());
                }
            });
            GuestSpec guest = GuestSpec.of("web", kernelAndInitrd.get(0), kernelAndInitrd.get(1))
                    .withSize(192L << 20, 1)
                    .withKernelArguments("mirror.ip=10.77.0.10/24 mirror.load=tick");

            ProtectedVm vm = host.protect(guest); // host b has called accept("web")
            vm.whenProtected().get(2, MINUTES); // or thenAccept(...): everything here is asynchronous
            work.run();
            vm.switchover().get(1, MINUTES); // a planned move: b runs the guest, a keeps the replica
            vm.when(status -> status.state() == MirrorState.READY).get(2, MINUTES);
            work.run();
            vm.failover().get(1, MINUTES); // takes it back; happens by itself when b is lost
            vm.whenProtected().get(2, MINUTES);
            work.run();
            vm.unprotect().get(1, MINUTES); // runs here, alone; protect() resumes
            System.out.println(vm.status().get(1, MINUTES));
        } // ends the guest, frees everything
        // end README
    }
}
