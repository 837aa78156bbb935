package io.lockstep.host.engine;

import io.lockstep.host.HostEvent;
import io.lockstep.host.config.HostConfig;
import io.lockstep.mirror.spi.Arbiter;
import io.lockstep.mirror.spi.FramePort;
import io.lockstep.mirror.spi.StorageHeartbeat;
import io.lockstep.transport.tcp.TcpAcceptor;
import io.lockstep.transport.tcp.TcpConfig;
import java.nio.file.Path;
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
        Consumer<HostEvent> events) {
    /** The guest's own directory: memory, sockets, device state. */
    Path directory() {
        return config.runDir().resolve(vm);
    }

    void notice(String text) {
        events.accept(new HostEvent.Notice(vm, text));
    }
}
