package io.lockstep.host;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.host.config.HostConfig;
import io.lockstep.hypervisor.qemu.GuestSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MirrorHostTest {
    @TempDir
    Path directory;

    private MirrorHost host() throws IOException {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        return MirrorHost.start(
                HostConfig.of("a", any, "b", any, directory.resolve("run"), directory.resolve("arbiter")), event -> {});
    }

    @Test
    void shouldRefuseASecondStartOfAGuestBeforeATermIsClaimed() throws Exception {
        try (MirrorHost host = host()) {
            ProtectedVm vm = host.accept("web");
            GuestSpec guest = GuestSpec.of("web", "/none/vmlinuz", "");

            assertThrows(IllegalStateException.class, () -> host.protect(guest));
            assertThrows(IllegalStateException.class, () -> host.accept("web"));
            assertTrue(vm.status().get(1, TimeUnit.MINUTES).role() == VmStatus.Role.SECONDARY);
            assertTrue(host.vm("web") == vm);
        }
    }

    @Test
    void shouldTellWhoWaitsThatTheHostIsClosed() throws Exception {
        CompletableFuture<VmStatus> waiting;
        try (MirrorHost host = host()) {
            waiting = host.accept("web").whenProtected();
        }
        assertThrows(ExecutionException.class, () -> waiting.get(1, TimeUnit.MINUTES));
    }

    @Test
    void shouldRefuseToFailOverWithoutAReplica() throws Exception {
        try (MirrorHost host = host()) {
            CompletableFuture<VmStatus> failover = host.accept("web").failover();
            assertThrows(ExecutionException.class, () -> failover.get(1, TimeUnit.MINUTES));
        }
    }
}
