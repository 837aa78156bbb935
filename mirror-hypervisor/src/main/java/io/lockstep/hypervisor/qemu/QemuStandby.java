package io.lockstep.hypervisor.qemu;

import com.fasterxml.jackson.databind.JsonNode;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.spi.GuestVm;
import io.lockstep.mirror.spi.StandbyVm;
import io.lockstep.nativeio.MappedMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Path;
import java.util.Map;
import org.agrona.DirectBuffer;

/**
 * A QEMU that was started beforehand and waits for a device state, on memory that is reserved already.
 *
 * <pre>
 *   activate  --&gt;  migrate-incoming              LISTENING   QEMU opens a socket
 *             --&gt;  baseline's head + state        LOADING     spliced by DeviceState
 *             &lt;--  MIGRATION completed
 *             --&gt;  cont                           RESUMING
 *             &lt;--  reply                          LIVE, then announce-self
 * </pre>
 *
 * <p>Threading: one thread; no method blocks.
 */
public final class QemuStandby implements StandbyVm, SelectorSource {
    private enum Step {
        WAITING,
        LISTENING,
        LOADING,
        RESUMING,
        DONE
    }

    private static final byte[] ANNOUNCE =
            QmpCommand.ANNOUNCE.encode(Map.of("initial", 50, "max", 550, "rounds", 5, "step", 50));

    private final QemuMachine machine;
    private PageRegion staging;
    private byte[] baseline = {};
    private ByteBuffer stream;
    private StreamSender sender;
    private boolean loaded;
    private Step step = Step.WAITING;
    private QemuGuest guest;
    private boolean handedOut;
    private Phase phase = Phase.PREPARING;
    private String problem = "";

    private QemuStandby(QemuMachine machine) {
        this.machine = machine;
        machine.owner(new Replies());
    }

    /**
     * Starts preparing.
     *
     * @param spec the primary's, but for the serial log
     * @param directory for this guest's memory, sockets and state; on tmpfs, created if missing, used by nobody else
     * @param environment more environment variables for the QEMU process
     */
    public static QemuStandby prepare(GuestSpec spec, Path directory, Map<String, String> environment) {
        QemuMachine machine = new QemuMachine(spec, directory, environment, true);
        QemuStandby standby = new QemuStandby(machine);
        if (machine.state() == QemuMachine.State.RESERVING) {
            standby.mapStaging();
        }
        return standby;
    }

    private void mapStaging() {
        try {
            long bytes = machine.spec().memoryBytes();
            MappedMemory memory = MappedMemory.anonymous(bytes);
            machine.companion(memory);
            staging = PageRegion.ofAddress(memory.address(), bytes);
        } catch (IOException e) {
            machine.lose("cannot map the staging area: " + e.getMessage());
        }
    }

    @Override
    public Phase poll() {
        if (phase == Phase.FAILED || handedOut) {
            return phase;
        }
        QemuMachine.State state = machine.poll();
        if (state == QemuMachine.State.LOST || state == QemuMachine.State.POWERED_OFF) {
            fail(machine.problem().isEmpty() ? "the guest powered off" : machine.problem());
        } else if (phase == Phase.PREPARING && state == QemuMachine.State.UP) {
            become(Phase.READY);
        } else if (phase == Phase.ACTIVATING) {
            pollActivation();
        }
        return phase;
    }

    @Override
    public PageRegion memory() {
        return machine.memory();
    }

    @Override
    public PageRegion staging() {
        return staging;
    }

    @Override
    public void activate(byte[] givenBaseline, DirectBuffer state, int length) {
        if (phase != Phase.READY) {
            throw new IllegalStateException("activate is not legal in " + phase);
        }
        become(Phase.ACTIVATING);
        baseline = givenBaseline;
        try {
            stream = DeviceState.splice(givenBaseline, state, length);
        } catch (IllegalArgumentException e) {
            fail(e.getMessage());
            return;
        }
        step = Step.LISTENING;
        send(QmpCommand.MIGRATE_INCOMING, QmpCommand.migration(QmpCommand.MIGRATE_INCOMING, machine.files().stream()));
    }

    private void pollActivation() {
        try {
            if (step == Step.LOADING && sender.poll() && loaded) {
                sender.close();
                step = Step.RESUMING;
                send(QmpCommand.CONT, QmpCommand.CONT.encode());
            }
        } catch (IOException e) {
            // QEMU says more about a stream that it refuses than the socket does, and it exits: the next polls find
            // out.
            sender.close();
            step = Step.RESUMING;
        }
    }

    private void send(QmpCommand command, byte[] encoded) {
        machine.qmp().enqueue(command, encoded);
        machine.qmp().flush();
    }

    @Override
    public GuestVm asGuest() {
        return guest();
    }

    /** {@link #asGuest()} with its own type. From now on the guest owns the process, the memory and the staging area. */
    public QemuGuest guest() {
        if (phase != Phase.LIVE) {
            throw new IllegalStateException("asGuest is not legal in " + phase);
        }
        if (guest == null) {
            guest = new QemuGuest(machine, baseline);
            handedOut = true;
        }
        return guest;
    }

    /** The guest's network card, which sends its announcements while the guest goes live. */
    public QemuNic nic() {
        return machine.nic();
    }

    /** The process id of QEMU, -1 before it was started. */
    public long pid() {
        return machine.pid();
    }

    @Override
    public String problem() {
        return problem;
    }

    @Override
    public void discard(String reason) {
        if (handedOut) {
            throw new IllegalStateException("the guest was handed out: end that instead");
        }
        if (phase != Phase.FAILED) {
            fail(reason);
        }
        machine.close();
    }

    @Override
    public void register(Selector selector) {
        machine.register(selector);
        if (sender != null && step == Step.LOADING) {
            QemuMachine.watch(selector, sender.channel(), loaded ? 0 : SelectionKey.OP_WRITE);
        }
    }

    private void fail(String reason) {
        problem = reason;
        become(Phase.FAILED);
        Quiet.close(sender);
        machine.lose(reason);
    }

    private void become(Phase next) {
        boolean legal =
                switch (phase) {
                    case PREPARING -> next == Phase.READY || next == Phase.FAILED;
                    case READY -> next == Phase.ACTIVATING || next == Phase.FAILED;
                    case ACTIVATING -> next == Phase.LIVE || next == Phase.FAILED;
                    case LIVE -> next == Phase.FAILED;
                    case FAILED -> false;
                };
        if (!legal) {
            throw new IllegalStateException("standby cannot go from " + phase + " to " + next);
        }
        phase = next;
    }

    private final class Replies implements QmpHandler {
        @Override
        public void onReturn(QmpCommand command) {
            if (command == QmpCommand.MIGRATE_INCOMING && step == Step.LISTENING) {
                connect();
            } else if (command == QmpCommand.CONT && step == Step.RESUMING) {
                step = Step.DONE;
                become(Phase.LIVE);
                send(QmpCommand.ANNOUNCE, ANNOUNCE);
            }
        }

        private void connect() {
            try {
                sender = StreamSender.connect(machine.files().stream(), stream);
                step = Step.LOADING;
            } catch (IOException e) {
                fail(e.getMessage());
            }
        }

        @Override
        public void onError(QmpError error) {
            if (error.command() == QmpCommand.CONT && error.notFinalized()) {
                send(QmpCommand.CONT, QmpCommand.CONT.encode());
            } else if (phase == Phase.ACTIVATING) {
                fail(error.toString());
            }
        }

        @Override
        public void onEvent(String name, JsonNode data) {
            loaded |= name.equals("MIGRATION") && data.path("status").asText().equals("completed");
        }
    }
}
