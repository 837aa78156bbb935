package io.lockstep.hypervisor.qemu;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.file.Path;
import java.util.Map;

/**
 * Boots a guest on the primary: reserves its memory, starts QEMU, takes the baseline while nothing has run yet, lets it run.
 *
 * <pre>
 *   STARTING --> BASELINE --> RESUMING --> RUNNING
 *       \____________\____________\------> FAILED
 * </pre>
 *
 * <p>Threading: one thread; no method blocks.
 */
public final class QemuBoot implements SelectorSource {
    /** How far the boot is. */
    public enum Phase {
        /** Reserving memory, starting QEMU, agreeing on its control connection. */
        STARTING,
        /** Taking the stream that a standby needs once. */
        BASELINE,
        /** Letting the virtual CPUs go. */
        RESUMING,
        /** {@link #guest()} is legal. */
        RUNNING,
        /** {@link #problem()} says why; everything has been removed. */
        FAILED;

        private boolean mayBecome(Phase next) {
            return switch (this) {
                case STARTING -> next == BASELINE || next == FAILED;
                case BASELINE -> next == RESUMING || next == FAILED;
                case RESUMING -> next == RUNNING || next == FAILED;
                case RUNNING, FAILED -> false;
            };
        }
    }

    private final QemuMachine machine;
    private OutgoingMigration migration;
    private byte[] baseline = {};
    private boolean continuing;
    private QemuGuest guest;
    private Phase phase = Phase.STARTING;
    private String problem = "";

    private QemuBoot(QemuMachine machine) {
        this.machine = machine;
        machine.owner(new Replies());
    }

    /**
     * Starts.
     *
     * @param spec with a single accelerator, see {@link Accelerators#resolve}
     * @param directory for this guest's memory, sockets and state; on tmpfs, created if missing, used by nobody else
     * @param environment more environment variables for the QEMU process
     */
    public static QemuBoot begin(GuestSpec spec, Path directory, Map<String, String> environment) {
        return new QemuBoot(new QemuMachine(spec, directory, environment, false));
    }

    /** Makes progress and says how far the boot is. */
    public Phase poll() {
        if (phase == Phase.RUNNING || phase == Phase.FAILED) {
            return phase;
        }
        QemuMachine.State state = machine.poll();
        if (state == QemuMachine.State.LOST || state == QemuMachine.State.POWERED_OFF) {
            fail(machine.problem().isEmpty() ? "the guest powered off" : machine.problem());
        } else if (phase == Phase.STARTING && state == QemuMachine.State.UP) {
            beginBaseline();
        } else if (phase == Phase.BASELINE) {
            pollBaseline();
        } else if (phase == Phase.RESUMING && !continuing) {
            sendContinue();
        }
        return phase;
    }

    private void beginBaseline() {
        try {
            migration = OutgoingMigration.begin(machine);
            become(Phase.BASELINE);
        } catch (IOException e) {
            fail(e.getMessage());
        }
    }

    private void pollBaseline() {
        switch (migration.poll()) {
            case FLOWING -> {
                return;
            }
            case FAILED -> fail("baseline: " + migration.problem());
            case DONE -> {
                baseline = migration.toArray();
                migration.close();
                become(Phase.RESUMING);
                sendContinue();
            }
        }
    }

    private void sendContinue() {
        continuing = true;
        machine.qmp().enqueue(QmpCommand.CONT, QmpCommand.CONT.encode());
        machine.qmp().flush();
    }

    private void fail(String reason) {
        problem = reason;
        become(Phase.FAILED);
        Quiet.close(migration);
        machine.close();
    }

    private void become(Phase next) {
        if (!phase.mayBecome(next)) {
            throw new IllegalStateException("boot cannot go from " + phase + " to " + next);
        }
        phase = next;
    }

    /** The guest, once {@link Phase#RUNNING}. */
    public QemuGuest guest() {
        if (guest == null) {
            throw new IllegalStateException("no guest while booting is " + phase + " " + problem);
        }
        return guest;
    }

    /** Why the phase is {@link Phase#FAILED}; empty otherwise. */
    public String problem() {
        return problem;
    }

    /** Gives up a boot that has not reached {@link Phase#RUNNING}. Idempotent. */
    public void discard(String reason) {
        if (phase != Phase.RUNNING && phase != Phase.FAILED) {
            fail(reason);
        }
    }

    @Override
    public void register(Selector selector) {
        machine.register(selector);
        if (phase == Phase.BASELINE) {
            migration.register(selector);
        }
    }

    private final class Replies implements QmpHandler {
        @Override
        public void onReturn(QmpCommand command) {
            if (command == QmpCommand.CONT) {
                guest = new QemuGuest(machine, baseline);
                become(Phase.RUNNING);
            }
        }

        @Override
        public void onError(QmpError error) {
            if (error.command() == QmpCommand.CONT && error.notFinalized()) {
                continuing = false;
            } else if (error.command() == QmpCommand.MIGRATE) {
                migration.onError(error);
            } else {
                fail(error.toString());
            }
        }

        @Override
        public void onEvent(String name, JsonNode data) {
            if (migration != null) {
                migration.onEvent(name, data);
            }
        }
    }
}
