package io.lockstep.host.rig;

import com.fasterxml.jackson.databind.JsonNode;
import io.lockstep.host.control.ControlClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * One {@code mirror host} process: started, watched over its control socket, and killed or stopped by process id.
 *
 * <p>Threading: a daemon thread asks for the status and another reads the events; every method may be called from any thread.
 */
public final class HostProcess {
    private static final long POLL_MS = 40;
    private static final Duration ANSWER_LIMIT = Duration.ofMillis(600);
    private static final int MAX_EVENTS = 20_000;

    private final Side side;
    private final Path runDir;
    private final Path log;
    private final Process process;
    private final List<JsonNode> events = new CopyOnWriteArrayList<>();
    private volatile HostStatus status = HostStatus.NONE;
    private volatile HostStatus lastWithGuest = HostStatus.NONE;

    private HostProcess(Side side, Path runDir, Path log, Process process) {
        this.side = side;
        this.runDir = runDir;
        this.log = log;
        this.process = process;
    }

    /** Starts the process; it appends to {@code log}. */
    static HostProcess start(Side side, List<String> enter, Path config, Path runDir, Path log) throws RigException {
        List<String> command = new ArrayList<>(enter);
        command.addAll(JavaCommand.line("host", "--config", config.toString()));
        try {
            Files.createDirectories(runDir);
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            Process process = builder.start();
            process.getOutputStream().close();
            HostProcess host = new HostProcess(side, runDir, log, process);
            host.thread("status-" + side.hostName(), host::watchStatus);
            host.thread("events-" + side.hostName(), host::watchEvents);
            return host;
        } catch (IOException e) {
            throw new RigException("cannot start host " + side.hostName() + ": " + e.getMessage(), e);
        }
    }

    private void thread(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void watchStatus() {
        ControlClient client = null;
        while (process.isAlive()) {
            try {
                if (client == null) {
                    client = ControlClient.connect(socket());
                }
                long askedNs = System.nanoTime();
                JsonNode answer = client.request("status", "", ANSWER_LIMIT);
                HostStatus fresh = new HostStatus(answer.path("status"), askedNs);
                status = fresh;
                if (fresh.qemuPid() != 0) {
                    lastWithGuest = fresh;
                }
            } catch (IOException e) {
                // Not up yet, stopped, or dead: connect again, an answer that comes late must not be taken for the next
                // one.
                status = HostStatus.NONE;
                closeQuietly(client);
                client = null;
            }
            Waiting.pause(POLL_MS);
        }
        closeQuietly(client);
        status = HostStatus.NONE;
    }

    private void watchEvents() {
        while (process.isAlive()) {
            try (ControlClient client = ControlClient.connect(socket())) {
                client.subscribe();
                while (process.isAlive()) {
                    JsonNode event = client.nextEvent(Duration.ofMillis(500));
                    if (event != null && events.size() < MAX_EVENTS) {
                        events.add(event);
                    }
                }
            } catch (IOException e) {
                Waiting.pause(POLL_MS);
            }
        }
    }

    private static void closeQuietly(ControlClient client) {
        try {
            if (client != null) {
                client.close();
            }
        } catch (IOException e) {
            return; // nothing depends on it any more
        }
    }

    /** Its control socket. */
    public Path socket() {
        return runDir.resolve("control.sock");
    }

    /** Which host. */
    public Side side() {
        return side;
    }

    /** The last answer, not older than some tenths of a second. */
    public HostStatus status() {
        return status;
    }

    /** Process id of the engine. */
    public long pid() {
        return process.pid();
    }

    /** Process id of its QEMU, 0 if none was ever seen. */
    public long qemuPid() {
        HostStatus now = status;
        return now.qemuPid() != 0 ? now.qemuPid() : lastWithGuest.qemuPid();
    }

    /** True until the process ended. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Its exit code; legal after its end. */
    public int exitCode() {
        return process.exitValue();
    }

    /** Events so far, oldest first. */
    public List<JsonNode> events() {
        return List.copyOf(events);
    }

    /** The whole log. */
    public String log() {
        return Tail.text(log);
    }

    /** Where the log is. */
    public Path logFile() {
        return log;
    }

    /** Where the guest's console is written while it runs here. */
    public Path consoleLog() {
        return runDir.resolve(PairConfig.VM + ".console.log");
    }

    /** Asks for something over the control socket. */
    public JsonNode ask(String command, Duration limit) throws RigException {
        try {
            return ControlClient.ask(socket(), command, command.equals("stop") ? "" : PairConfig.VM, limit);
        } catch (IOException e) {
            throw new RigException("host " + side.hostName() + ", " + command + ": " + e.getMessage(), e);
        }
    }

    /** SIGKILL for the engine. */
    public void killEngine() {
        process.destroyForcibly();
    }

    /** SIGKILL for QEMU. */
    public void killQemu() {
        long pid = qemuPid();
        if (pid > 0) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    /** SIGSTOP for the engine. */
    public void freeze() throws RigException {
        Tool.run("sh", "-c", "kill -STOP " + process.pid());
    }

    /** SIGCONT for the engine. */
    public void thaw() throws RigException {
        Tool.run("sh", "-c", "kill -CONT " + process.pid());
    }

    /** Memory of the engine that is its own, without the guest's, in bytes; 0 if the process is gone. */
    public long ownMemory() {
        return ProcessFacts.anonymousBytes(process.pid());
    }

    /** Waits for the end of the process; false if it did not come. */
    public boolean awaitEnd(Duration limit) {
        try {
            return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Asks the host to end, kills it if it does not. */
    public void stop(Duration limit) {
        if (process.isAlive()) {
            try {
                ask("stop", Duration.ofMillis(500));
            } catch (RigException e) {
                process.destroy();
            }
        }
        if (!awaitEnd(limit)) {
            killQemu();
            killEngine();
            awaitEnd(Duration.ofSeconds(2));
        }
        ProcessHandle.of(qemuPid()).ifPresent(ProcessHandle::destroyForcibly);
    }
}
