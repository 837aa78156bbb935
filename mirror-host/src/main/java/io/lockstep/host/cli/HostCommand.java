package io.lockstep.host.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lockstep.host.HostEvent;
import io.lockstep.host.HostReceipt;
import io.lockstep.host.MirrorHost;
import io.lockstep.host.config.ConfigException;
import io.lockstep.host.config.ConfigReader;
import io.lockstep.host.config.HostConfig;
import io.lockstep.host.control.ControlServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code mirror host}: one host of a pair, as a long-lived process. */
@Command(
        name = "host",
        description = "Runs one host of a pair until it is told to stop (SIGTERM, Ctrl-C, or the control socket).",
        mixinStandardHelpOptions = true)
final class HostCommand implements Callable<Integer> {
    private static final long CLOSE_SECONDS = 10;

    @Option(
            names = "--config",
            required = true,
            paramLabel = "FILE",
            description = "YAML; docs/host.md shows every key.")
    private Path file;

    @Override
    public Integer call() throws InterruptedException {
        HostConfig config;
        try {
            config = ConfigReader.read(file);
        } catch (ConfigException e) {
            System.err.println(e.getMessage());
            return ExitCode.USAGE;
        } catch (IOException e) {
            System.err.println("cannot read " + file + ": " + e.getMessage());
            return ExitCode.USAGE;
        }
        CountDownLatch closed = new CountDownLatch(1);
        try (MirrorHost host = MirrorHost.start(config, event -> onEvent(config, event));
                ControlServer control = new ControlServer(host, config.runDir().resolve("control.sock"))) {
            Thread main = Thread.currentThread();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> awaitClose(main, closed)));
            log("host " + config.host() + " listens at " + config.listen() + ", control socket "
                    + config.runDir().resolve("control.sock"));
            control.awaitStop();
            log("host " + config.host() + " was asked to stop");
        } catch (InterruptedException e) {
            log("host " + config.host() + " stops");
        } catch (IOException e) {
            System.err.println("host " + config.host() + " cannot start: " + e.getMessage());
            return ExitCode.SOFTWARE;
        } finally {
            closed.countDown();
        }
        return ExitCode.OK;
    }

    /** On a signal: lets the main thread close the host, and waits for it, so that nothing is left behind. */
    private static void awaitClose(Thread main, CountDownLatch closed) {
        if (closed.getCount() == 0) {
            return;
        }
        main.interrupt();
        try {
            if (!closed.await(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("the host did not close within " + CLOSE_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void onEvent(HostConfig config, HostEvent event) {
        if (event instanceof HostEvent.StateChanged change) {
            log(change.vm() + ": " + change.from() + " -> " + change.to() + " (" + change.reason() + ")");
        } else if (event instanceof HostEvent.Notice notice) {
            log(notice.vm().isEmpty() ? notice.text() : notice.vm() + ": " + notice.text());
        } else if (event instanceof HostEvent.ReceiptReady ready) {
            log(ready.vm() + ": receipt " + ready.receipt());
            save(config, ready.receipt());
        }
    }

    private static void save(HostConfig config, HostReceipt receipt) {
        Path path = config.runDir().resolve("receipt-" + receipt.vm() + "-" + receipt.term() + ".json");
        try {
            Files.writeString(
                    path, new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(receipt) + "\n");
        } catch (IOException e) {
            log("cannot write " + path + ": " + e.getMessage());
        }
    }

    private static void log(String text) {
        System.out.println(LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.MILLIS) + " " + text);
    }
}
