package io.lockstep.hypervisor.qemu;

import com.fasterxml.jackson.databind.JsonNode;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.spi.GuestVm;
import java.io.IOException;
import java.nio.channels.Selector;
import org.agrona.MutableDirectBuffer;

/**
 * A running stock QEMU guest. One checkpoint is one write of two commands and their two replies:
 *
 * <pre>
 *   requestCheckpoint  --&gt;  stop, xen-save-devices-state          PAUSING
 *                      &lt;--  reply to stop: devices are drained     MEMORY_FINAL   (the STOP event comes too early for that)
 *                      &lt;--  reply to save: the file is complete    STATE_READY
 *   resume             --&gt;  cont                                   RUNNING
 * </pre>
 *
 * {@link GuestVm.Phase#RUNNING} is reported as soon as the guest was told to run. A checkpoint requested before QEMU confirmed that
 * waits for the confirmation, because {@code cont} may have to be repeated.
 *
 * <p>Where QEMU lacks the save command, the state comes out of {@code migrate}, which takes longer.
 *
 * <p>Threading: one thread; no method blocks.
 */
public final class QemuGuest implements GuestVm, SelectorSource, AutoCloseable {
    /** Where the device state comes from. */
    enum Method {
        SAVE_COMMAND,
        MIGRATION
    }

    private static final byte[] STOP = QmpCommand.STOP.encode();
    private static final byte[] CONT = QmpCommand.CONT.encode();

    private final QemuMachine machine;
    private final byte[] baseline;
    private final byte[] save;
    private final StateBuffer state;
    private Method method = Method.SAVE_COMMAND;
    private OutgoingMigration migration;
    private Phase phase = Phase.RUNNING;
    private String problem = "";
    private boolean continueUnconfirmed;
    private boolean continueRefused;
    private boolean requestWaits;

    QemuGuest(QemuMachine machine, byte[] baseline) {
        this.machine = machine;
        this.baseline = baseline;
        this.save = QmpCommand.saveStateTo(machine.files().state());
        this.state = new StateBuffer(machine.files().state());
        machine.owner(new Replies());
    }

    @Override
    public PageRegion memory() {
        return machine.memory();
    }

    /** The guest's network card. */
    public QemuNic nic() {
        return machine.nic();
    }

    /** The process id of QEMU. */
    public long pid() {
        return machine.pid();
    }

    /** What the guest was started from. */
    public GuestSpec spec() {
        return machine.spec();
    }

    @Override
    public void requestCheckpoint() {
        require(phase == Phase.RUNNING, "requestCheckpoint");
        become(Phase.PAUSING);
        if (continueUnconfirmed) {
            requestWaits = true;
        } else {
            sendPause();
        }
    }

    private void sendPause() {
        machine.qmp().enqueue(QmpCommand.STOP, STOP);
        if (method == Method.SAVE_COMMAND) {
            machine.qmp().enqueue(QmpCommand.SAVE_STATE, save);
        }
        machine.qmp().flush();
    }

    @Override
    public Phase poll() {
        switch (machine.poll()) {
            case LOST -> become(Phase.LOST);
            case POWERED_OFF -> become(Phase.POWERED_OFF);
            default -> {
                if (continueRefused) {
                    sendContinue();
                }
                if (migration != null) {
                    pollMigration();
                }
            }
        }
        return phase;
    }

    private void beginMigration() {
        try {
            migration = OutgoingMigration.begin(machine);
        } catch (IOException e) {
            failCheckpoint(e.getMessage());
        }
    }

    private void pollMigration() {
        switch (migration.poll()) {
            case FLOWING -> {
                return;
            }
            case FAILED -> failCheckpoint(migration.problem());
            case DONE -> {
                try {
                    state.copy(migration.bytes());
                    become(Phase.STATE_READY);
                } catch (IOException e) {
                    failCheckpoint(e.getMessage());
                }
            }
        }
        Quiet.close(migration);
        migration = null;
    }

    private void readState() {
        try {
            state.read();
            become(Phase.STATE_READY);
        } catch (IOException e) {
            failCheckpoint("cannot read the device state: " + e.getMessage());
        }
    }

    private void failCheckpoint(String reason) {
        problem = reason;
        become(Phase.CHECKPOINT_FAILED);
    }

    @Override
    public int stateLength() {
        require(phase == Phase.STATE_READY, "stateLength");
        return state.length();
    }

    @Override
    public void copyState(int stateOffset, MutableDirectBuffer target, int targetOffset, int length) {
        require(phase == Phase.STATE_READY, "copyState");
        if (stateOffset < 0 || length < 0 || stateOffset > state.length() - length) {
            throw new IndexOutOfBoundsException(
                    "bytes " + stateOffset + " + " + length + " of a device state of " + state.length());
        }
        target.putBytes(targetOffset, state.view(), stateOffset, length);
    }

    @Override
    public void resume() {
        require(phase == Phase.STATE_READY || phase == Phase.CHECKPOINT_FAILED, "resume");
        problem = "";
        become(Phase.RUNNING);
        sendContinue();
    }

    private void sendContinue() {
        continueRefused = false;
        continueUnconfirmed = true;
        machine.qmp().enqueue(QmpCommand.CONT, CONT);
        machine.qmp().flush();
    }

    @Override
    public byte[] baseline() {
        return baseline;
    }

    @Override
    public String problem() {
        return phase == Phase.LOST ? machine.problem() : problem;
    }

    @Override
    public void kill(String reason) {
        machine.lose(reason);
        if (machine.state() == QemuMachine.State.LOST) {
            become(Phase.LOST);
        }
    }

    /** Presses the machine's reset button. */
    public void reset() {
        send(QmpCommand.RESET);
    }

    /** Presses the machine's power button; what happens is the guest's decision. */
    public void powerButton() {
        send(QmpCommand.POWERDOWN);
    }

    private void send(QmpCommand command) {
        machine.qmp().enqueue(command, command.encode());
        machine.qmp().flush();
    }

    /** True while memory stands still for a checkpoint; until {@link #resume()}. */
    public boolean isPaused() {
        return phase == Phase.MEMORY_FINAL || phase == Phase.STATE_READY;
    }

    /** True until QEMU has confirmed that the guest runs again. */
    boolean resuming() {
        return continueUnconfirmed;
    }

    /** Forces the way the device state is taken. */
    void method(Method forced) {
        method = forced;
    }

    Method method() {
        return method;
    }

    @Override
    public void register(Selector selector) {
        machine.register(selector);
        if (migration != null) {
            migration.register(selector);
        }
    }

    /** Kills the guest, unmaps its memory and removes its files. Nothing may touch {@link #memory()} any more. Idempotent. */
    @Override
    public void close() {
        kill("closed");
        Quiet.close(migration);
        state.close();
        machine.close();
    }

    private void require(boolean legal, String what) {
        if (!legal) {
            throw new IllegalStateException(what + " is not legal in " + phase);
        }
    }

    private void become(Phase next) {
        if (next == phase) {
            return;
        }
        if (!mayBecome(next)) {
            throw new IllegalStateException("guest cannot go from " + phase + " to " + next);
        }
        phase = next;
    }

    private boolean mayBecome(Phase next) {
        return switch (phase) {
            case RUNNING -> next == Phase.PAUSING || next == Phase.LOST || next == Phase.POWERED_OFF;
            case PAUSING -> next != Phase.RUNNING && next != Phase.STATE_READY;
            case MEMORY_FINAL ->
                next == Phase.STATE_READY
                        || next == Phase.CHECKPOINT_FAILED
                        || next == Phase.LOST
                        || next == Phase.POWERED_OFF;
            case STATE_READY, CHECKPOINT_FAILED ->
                next == Phase.RUNNING || next == Phase.LOST || next == Phase.POWERED_OFF;
            case POWERED_OFF, LOST -> false;
        };
    }

    private final class Replies implements QmpHandler {
        @Override
        public void onReturn(QmpCommand command) {
            switch (command) {
                case STOP -> onStopped();
                case SAVE_STATE -> {
                    if (phase == Phase.MEMORY_FINAL) {
                        readState();
                    }
                }
                case CONT -> {
                    continueUnconfirmed = false;
                    if (requestWaits) {
                        requestWaits = false;
                        sendPause();
                    }
                }
                default -> {
                    return;
                }
            }
        }

        private void onStopped() {
            become(Phase.MEMORY_FINAL);
            if (method == Method.MIGRATION) {
                beginMigration();
            }
        }

        @Override
        public void onError(QmpError error) {
            if (error.command() == QmpCommand.CONT) {
                continueRefused = error.notFinalized();
                if (!continueRefused) {
                    machine.lose("the guest cannot be resumed: " + error);
                }
            } else if (error.command() == QmpCommand.SAVE_STATE
                    && error.commandMissing()
                    && phase == Phase.MEMORY_FINAL) {
                method = Method.MIGRATION;
                beginMigration();
            } else if (error.command() == QmpCommand.MIGRATE && migration != null) {
                migration.onError(error);
            } else if (phase == Phase.PAUSING || phase == Phase.MEMORY_FINAL) {
                failCheckpoint(error.toString());
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
