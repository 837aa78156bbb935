package io.lockstep.host.cli;

import io.lockstep.host.config.ConfigException;
import io.lockstep.host.config.NbdConfig;
import io.lockstep.host.config.NbdConfigReader;
import io.lockstep.host.nbd.NbdService;
import java.io.IOException;
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

/** {@code mirror nbd}: a disk over NBD, redirected over several paths, without mirroring a guest. */
@Command(
        name = "nbd",
        description = "Serves a disk over NBD, over one or several paths, until it is told to stop (SIGTERM, Ctrl-C).",
        mixinStandardHelpOptions = true)
final class NbdCommand implements Callable<Integer> {
    private static final long CLOSE_SECONDS = 10;

    @Option(
            names = "--config",
            required = true,
            paramLabel = "FILE",
            description = "YAML; docs/disk.md shows every key.")
    private Path file;

    @Override
    public Integer call() {
        NbdConfig config;
        try {
            config = NbdConfigReader.read(file);
        } catch (ConfigException e) {
            System.err.println(e.getMessage());
            return ExitCode.USAGE;
        } catch (IOException e) {
            System.err.println("cannot read " + file + ": " + e.getMessage());
            return ExitCode.USAGE;
        }
        CountDownLatch closed = new CountDownLatch(1);
        try {
            NbdService service = new NbdService(config, NbdCommand::log);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> awaitClose(service, closed)));
            service.run();
            log("ended");
            return ExitCode.OK;
        } catch (IOException e) {
            System.err.println("nbd: " + e.getMessage());
            return ExitCode.SOFTWARE;
        } finally {
            closed.countDown();
        }
    }

    /** On a signal: lets the service end in order. */
    private static void awaitClose(NbdService service, CountDownLatch closed) {
        if (closed.getCount() == 0) {
            return;
        }
        service.stop();
        try {
            if (!closed.await(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("nbd: not closed within " + CLOSE_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void log(String text) {
        System.out.println(LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.MILLIS) + " " + text);
    }
}
