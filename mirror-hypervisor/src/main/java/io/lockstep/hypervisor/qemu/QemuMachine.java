package io.lockstep.hypervisor.qemu;

import com.fasterxml.jackson.databind.JsonNode;
import io.lockstep.mirror.memory.PageRegion;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;

/**
 * One QEMU process with its memory, its sockets and its files, whichever role it plays:
 *
 * <pre>
 *   RESERVING --> STARTING --> UP --> POWERED_OFF
 *        \____________\_________\---> LOST
 * </pre>
 *
 * Whoever currently drives the guest {@linkplain #owner takes over} its replies and events. Threading: one thread; no method blocks.
 */
final class QemuMachine implements QmpHandler, AutoCloseable {
    /** How the process is. */
    enum State {
        RESERVING,
        STARTING,
        UP,
        POWERED_OFF,
        LOST;

        private boolean mayBecome(State next) {
            return switch (this) {
                case RESERVING -> next == STARTING || next == LOST;
                case STARTING -> next == UP || next == LOST;
                case UP -> next == POWERED_OFF || next == LOST;
                case POWERED_OFF, LOST -> false;
            };
        }
    }

    static final int OLDEST_VERSION = 702;
    private static final long START_LIMIT_NS = 30_000_000_000L;
    private static final long HOUSEKEEPING_NS = 100_000_000L;
    private static final long EXIT_GRACE_NS = 1_000_000_000L;

    private final GuestSpec spec;
    private final Map<String, String> environment;
    private final boolean incoming;
    private final QemuNic nic = new QemuNic();
    private QemuFiles files;
    private RamFile ram;
    private UnixListener qmpListener;
    private UnixListener nicListener;
    private SocketChannel qmpChannel;
    private SocketChannel nicChannel;
    private QemuProcess process;
    private QmpConnection qmp;
    private QmpHandler owner;
    private AutoCloseable companion;
    private State state = State.RESERVING;
    private String problem = "";
    private boolean negotiating;
    private boolean negotiated;
    private long startedNs;
    private long housekeepingNs;
    private long brokenNs;

    /** Prepares a machine; errors surface as {@link State#LOST}. */
    QemuMachine(GuestSpec spec, Path directory, Map<String, String> environment, boolean incoming) {
        this.spec = spec;
        this.environment = Map.copyOf(environment);
        this.incoming = incoming;
        try {
            if (spec.diskBytes() > 0 && spec.diskSocket().isEmpty()) {
                throw new IOException("guest '" + spec.name() + "' has a disk, but no socket where it is served");
            }
            files = QemuFiles.in(directory);
            ram = RamFile.create(files.ram(), spec.memoryBytes());
        } catch (IOException e) {
            lose(e.getMessage());
        }
    }

    /** Hands replies and events to a new driver. */
    void owner(QmpHandler next) {
        owner = next;
    }

    /** Something to close together with this machine. */
    void companion(AutoCloseable resource) {
        companion = resource;
    }

    /** Makes progress; replies and events reach the owner during this call. */
    State poll() {
        try {
            switch (state) {
                case RESERVING -> reserve();
                case STARTING -> pollStart();
                case UP -> pollUp();
                case POWERED_OFF, LOST -> {
                    return state;
                }
            }
        } catch (IOException e) {
            lose(e.getMessage());
        }
        return state;
    }

    private void reserve() throws IOException {
        if (!ram.reserveSome()) {
            return;
        }
        qmpListener = UnixListener.open(files.qmp());
        nicListener = UnixListener.open(files.nic());
        process = QemuProcess.start(QemuCommandLine.build(spec, files, incoming), environment);
        startedNs = System.nanoTime();
        become(State.STARTING);
    }

    private void pollStart() throws IOException {
        process.poll();
        if (qmp == null && (qmpChannel = qmpListener.accept()) != null) {
            qmp = new QmpConnection(qmpChannel);
        }
        if (nicChannel == null && (nicChannel = nicListener.accept()) != null) {
            nic.attach(nicChannel);
        }
        if (qmp != null) {
            qmp.poll(this);
            negotiate();
        }
        boolean silent = System.nanoTime() - startedNs > START_LIMIT_NS;
        if (state == State.STARTING && (process.hasEnded() || silent)) {
            lose("QEMU did not start: " + process.describe());
        } else if (state == State.STARTING && negotiated && nicChannel != null) {
            become(State.UP);
        }
    }

    private void negotiate() {
        if (!qmp.greeted() || negotiating || state != State.STARTING) {
            return;
        }
        if (qmp.version() < OLDEST_VERSION) {
            lose("QEMU " + versionText(qmp.version()) + " is too old, at least " + versionText(OLDEST_VERSION)
                    + " is needed: " + process.describe());
            return;
        }
        negotiating = true;
        qmp.enqueue(QmpCommand.CAPABILITIES, QmpCommand.CAPABILITIES.encode());
        qmp.enqueue(QmpCommand.SET_MIGRATION, QmpCommand.migrationCapabilities());
        qmp.flush();
    }

    private static String versionText(int version) {
        return version / 100 + "." + version % 100;
    }

    private void pollUp() {
        qmp.poll(this);
        long now = System.nanoTime();
        boolean broken = !qmp.problem().isEmpty();
        if (state != State.UP || (!broken && now - housekeepingNs < HOUSEKEEPING_NS)) {
            return;
        }
        housekeepingNs = now;
        process.poll();
        brokenNs = broken && brokenNs == 0 ? now : brokenNs;
        // A closed connection comes a moment before the exit status and the last words; they are worth that moment.
        if (process.hasEnded() || (broken && now - brokenNs > EXIT_GRACE_NS)) {
            lose("QEMU is gone: " + (broken ? qmp.problem() + ", " : "") + process.describe());
        }
    }

    @Override
    public void onReturn(QmpCommand command) {
        if (command == QmpCommand.SET_MIGRATION) {
            negotiated = true;
        } else if (owner != null) {
            owner.onReturn(command);
        }
    }

    @Override
    public void onError(QmpError error) {
        if (state == State.STARTING) {
            lose("QEMU cannot be used for mirroring: " + error);
        } else if (owner != null) {
            owner.onError(error);
        }
    }

    @Override
    public void onEvent(String name, JsonNode data) {
        if (name.equals("SHUTDOWN") && state == State.UP) {
            onShutdown(data.path("reason").asText("unknown"), data.path("guest").asBoolean());
        } else if (owner != null) {
            owner.onEvent(name, data);
        }
    }

    private void onShutdown(String reason, boolean byGuest) {
        if (byGuest && !reason.equals("guest-panic")) {
            problem = "";
            become(State.POWERED_OFF);
        } else {
            lose("QEMU is shutting down: " + reason);
        }
    }

    /** Ends the machine with a reason; the first one stays. */
    void lose(String reason) {
        if (state != State.LOST && state != State.POWERED_OFF) {
            problem = reason;
            become(State.LOST);
        }
        release();
    }

    /** Ends the process and removes its files; memory stays mapped until {@link #close()}. */
    private void release() {
        if (process != null) {
            process.kill();
        }
        Quiet.close(qmpListener);
        Quiet.close(nicListener);
        Quiet.close(qmpChannel);
        nic.close();
        if (ram != null) {
            ram.unlink();
        }
        Quiet.close(files);
    }

    @Override
    public void close() {
        lose("closed");
        Quiet.close(companion);
        Quiet.close(ram);
    }

    void register(Selector selector) {
        if (state == State.STARTING) {
            watch(selector, qmpListener.channel(), SelectionKey.OP_ACCEPT);
            watch(selector, nicListener.channel(), SelectionKey.OP_ACCEPT);
        }
        if (qmp != null) {
            watch(selector, qmpChannel, interest(qmp.hasUnsent()));
        }
        if (nicChannel != null) {
            watch(selector, nicChannel, interest(nic.hasUnsent()));
        }
    }

    private static int interest(boolean unsent) {
        return unsent ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
    }

    static void watch(Selector selector, SelectableChannel channel, int interest) {
        SelectionKey key = channel.keyFor(selector);
        try {
            if (key == null) {
                if (channel.isOpen()) {
                    channel.register(selector, interest);
                }
            } else if (key.isValid() && key.interestOps() != interest) {
                key.interestOps(interest);
            }
        } catch (ClosedChannelException e) {
            // Closed since isOpen(): nothing left to wait for.
            return;
        }
    }

    private void become(State next) {
        if (!state.mayBecome(next)) {
            throw new IllegalStateException("machine " + spec.name() + " cannot go from " + state + " to " + next);
        }
        state = next;
    }

    State state() {
        return state;
    }

    String problem() {
        return problem;
    }

    /** Legal from {@link State#UP} on. */
    QmpConnection qmp() {
        return qmp;
    }

    QemuNic nic() {
        return nic;
    }

    QemuFiles files() {
        return files;
    }

    PageRegion memory() {
        return ram.region();
    }

    GuestSpec spec() {
        return spec;
    }

    long pid() {
        return process == null ? -1 : process.pid();
    }
}
