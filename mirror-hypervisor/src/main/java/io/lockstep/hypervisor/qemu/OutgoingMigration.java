package io.lockstep.hypervisor.qemu;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/**
 * One {@code migrate} of a stopped guest, without its RAM, into this process. Finished when both QEMU says so and the stream has ended.
 * Threading: one thread; no method blocks.
 */
final class OutgoingMigration implements AutoCloseable {
    /** How the migration stands. */
    enum Status {
        FLOWING,
        DONE,
        FAILED
    }

    private final StreamReceiver receiver;
    private boolean completed;
    private String problem = "";

    private OutgoingMigration(StreamReceiver receiver) {
        this.receiver = receiver;
    }

    static OutgoingMigration begin(QemuMachine machine) throws IOException {
        StreamReceiver receiver = StreamReceiver.listen(machine.files().stream());
        machine.qmp().enqueue(QmpCommand.MIGRATE, QmpCommand.migration(QmpCommand.MIGRATE, receiver.path()));
        machine.qmp().flush();
        return new OutgoingMigration(receiver);
    }

    void onEvent(String name, JsonNode data) {
        if (name.equals("MIGRATION")) {
            String status = data.path("status").asText();
            completed |= status.equals("completed");
            if (status.equals("failed") || status.equals("cancelled")) {
                problem = "migrate " + status;
            }
        }
    }

    void onError(QmpError error) {
        problem = error.toString();
    }

    Status poll() {
        try {
            if (problem.isEmpty() && receiver.poll() && completed) {
                return Status.DONE;
            }
        } catch (IOException e) {
            problem = e.getMessage();
        }
        return problem.isEmpty() ? Status.FLOWING : Status.FAILED;
    }

    /** The stream so far, from 0 to its position. */
    ByteBuffer bytes() {
        return receiver.bytes();
    }

    byte[] toArray() {
        return receiver.toArray();
    }

    String problem() {
        return problem;
    }

    void register(Selector selector) {
        QemuMachine.watch(
                selector,
                receiver.selectable(),
                receiver.selectable() instanceof java.nio.channels.SocketChannel
                        ? SelectionKey.OP_READ
                        : SelectionKey.OP_ACCEPT);
    }

    @Override
    public void close() {
        receiver.close();
    }
}
