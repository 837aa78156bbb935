package io.lockstep.host.rig;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A network namespace without a name: it lives as long as the process that holds it, and that reads from a pipe whose other end is here. So
 * nothing is left when this process ends, however it ends.
 */
final class Namespace implements AutoCloseable {
    private final Process holder;

    private Namespace(Process holder) {
        this.holder = holder;
    }

    static Namespace create() throws RigException {
        Process holder;
        try {
            // The echo tells that the namespace exists; then cat waits for the end of its input.
            holder = new ProcessBuilder("unshare", "--net", "sh", "-c", "echo ready; exec cat > /dev/null").start();
            int first = holder.getInputStream().read();
            if (first != 'r') {
                String error =
                        new String(holder.getErrorStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
                throw new RigException("cannot make a network namespace: " + error.strip());
            }
        } catch (IOException e) {
            throw new RigException("cannot make a network namespace: " + e.getMessage(), e);
        }
        Namespace namespace = new Namespace(holder);
        Tool.ip(namespace.enter(), "link set lo up");
        return namespace;
    }

    long pid() {
        return holder.pid();
    }

    /** What to put before a command line so that it runs inside; the process id stays that of the command. */
    List<String> enter() {
        return List.of("nsenter", "--net=/proc/" + pid() + "/ns/net");
    }

    @Override
    public void close() {
        holder.destroyForcibly();
        try {
            holder.waitFor(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
