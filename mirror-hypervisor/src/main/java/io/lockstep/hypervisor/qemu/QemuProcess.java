package io.lockstep.hypervisor.qemu;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * One QEMU process that dies with this JVM.
 *
 * <p>The kernel sends a parent-death signal when the <em>thread</em> that forked ends, not the process, so every QEMU is started from one
 * thread that lives as long as the JVM. A JVM killed before the signal is armed leaves no orphan either: QEMU then finds nobody at
 * the control socket and exits.
 *
 * <p>Threading: one thread; starting happens on the launcher thread.
 */
final class QemuProcess {
    private static final ExecutorService LAUNCHER = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "qemu-launcher");
        thread.setDaemon(true);
        return thread;
    });

    private final List<String> command;
    private final Future<Process> starting;
    private final StderrTail output = new StderrTail();
    private Process process;
    private String startProblem = "";

    private QemuProcess(List<String> command, Future<Process> starting) {
        this.command = command;
        this.starting = starting;
    }

    /** Starts the command, with extra environment variables for it alone. */
    static QemuProcess start(List<String> qemu, Map<String, String> environment) {
        List<String> command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
        if (!environment.isEmpty()) {
            // Through env(1), so that a preloaded library does not end up in setpriv too.
            command.add("env");
            environment.forEach((key, value) -> command.add(key + "=" + value));
        }
        command.addAll(qemu);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        return new QemuProcess(List.copyOf(command), LAUNCHER.submit(() -> startAndClose(builder)));
    }

    private static Process startAndClose(ProcessBuilder builder) throws IOException {
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }

    /** Takes the process's output in; cheap enough to call now and then, too dear for every poll. */
    void poll() {
        if (process == null && startProblem.isEmpty() && starting.isDone()) {
            adopt();
        }
        if (process != null) {
            output.drain(process.getInputStream());
        }
    }

    private void adopt() {
        try {
            process = starting.get();
        } catch (ExecutionException e) {
            startProblem = String.valueOf(e.getCause().getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            startProblem = "interrupted";
        }
    }

    /** True if the process could not be started or has ended. */
    boolean hasEnded() {
        return !startProblem.isEmpty() || (process != null && !process.isAlive());
    }

    /** How the process ended, its last output and its command line; for people. */
    String describe() {
        poll();
        StringBuilder text = new StringBuilder();
        if (!startProblem.isEmpty()) {
            text.append("cannot start: ").append(startProblem);
        } else if (hasEnded()) {
            int status = process.exitValue();
            text.append(status > 128 ? "ended by signal " + (status - 128) : "exit status " + status);
        } else {
            text.append("still running");
        }
        if (!output.text().isEmpty()) {
            text.append("; it said: ").append(output.text());
        }
        return text.append("; command: ").append(String.join(" ", command)).toString();
    }

    /** The process id, -1 before the process was started. */
    long pid() {
        return process == null ? -1 : process.pid();
    }

    /** Ends the process at once; waits for the few milliseconds that a start under way takes. Idempotent. */
    void kill() {
        if (process == null && startProblem.isEmpty()) {
            adopt();
        }
        if (process != null) {
            process.destroyForcibly();
        }
    }
}
