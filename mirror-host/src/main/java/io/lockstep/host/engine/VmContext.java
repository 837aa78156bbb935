package io.lockstep.host.engine;

import io.lockstep.host.HostEvent;
import io.lockstep.host.config.DiskConfig;
import io.lockstep.host.config.HostConfig;
import io.lockstep.host.disk.DiskSettings;
import io.lockstep.host.disk.HostDisk;
import io.lockstep.hypervisor.qemu.GuestSpec;
import io.lockstep.mirror.record.AckLevel;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.mirror.spi.StorageHeartbeat;
import io.lockstep.transport.tcp.TcpAcceptor;
import io.lockstep.transport.tcp.TcpConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What every role of a guest on this host works with.
 *
 * @param vm name of the guest
 * @param config of the host
 * @param tcp of the host
 * @param acceptor where the partner connects
 * @param arbiter of this guest
 * @param heartbeat of the partner host
 * @param uplink the way to the outside
 * @param ledger memory promised to the partner's guests
 * @param disk this host's side of the guest's disk, if the configuration has one
 * @param events takes what happens
 */
record VmContext(
        String vm,
        HostConfig config,
        TcpConfig tcp,
        TcpAcceptor acceptor,
        Arbiter arbiter,
        StorageHeartbeat heartbeat,
        FramePort uplink,
        MemoryLedger ledger,
        Optional<DiskConfig> disk,
        Consumer<HostEvent> events) {
    /** The guest's own directory: memory, sockets, device state. */
    Path directory() {
        return config.runDir().resolve(vm);
    }

    /** Where the guest's QEMU finds its disk. */
    Path diskSocket() {
        return config.runDir().resolve(vm + ".disk");
    }

    /**
     * Starts to open the disk of a guest.
     *
     * @return null if the guest has none
     * @throws IOException if it cannot be used, and why
     */
    HostDisk openDisk(GuestSpec spec, Runnable wakeUp) throws IOException {
        if (spec.diskBytes() == 0) {
            return null;
        }
        DiskConfig side = disk.orElseThrow(() ->
                new IOException("guest '" + vm + "' has a disk: this host's configuration must say where its copy is"));
        boolean journaled = config.policy().ackLevel() == AckLevel.JOURNALED;
        DiskSettings settings = new DiskSettings(vm, config.host(), spec.diskBytes(), side, diskSocket(), journaled);
        return HostDisk.open(settings, wakeUp, this::notice);
    }

    /** The spec with what is this host's own. */
    GuestSpec local(GuestSpec spec, boolean consoleLog) {
        GuestSpec local = consoleLog ? spec.withSerialLog(VmEngine.consoleLog(this)) : spec;
        return spec.diskBytes() == 0 ? local : local.withDiskSocket(diskSocket().toString());
    }

    void notice(String text) {
        events.accept(new HostEvent.Notice(vm, text));
    }
}
