package io.lockstep.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.lockstep.host.control.ControlClient;
import io.lockstep.host.control.ControlException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code mirror ctl}: one request to a running host. */
@Command(
        name = "ctl",
        description = "Asks a running host: status, switchover, failover, unprotect, protect, stop, events.",
        mixinStandardHelpOptions = true)
final class CtlCommand implements Callable<Integer> {
    /** Longer than the host takes to say that something is not done yet. */
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(90);

    private static final Duration EVENT_LIMIT = Duration.ofHours(1);

    @Option(names = "--socket", required = true, paramLabel = "FILE", description = "The host's run-dir/control.sock.")
    private Path socket;

    @Parameters(index = "0", paramLabel = "COMMAND", description = "What to ask.")
    private String command;

    @Parameters(index = "1", arity = "0..1", defaultValue = "", paramLabel = "VM", description = "Name of the guest.")
    private String vm;

    @Override
    public Integer call() {
        try (ControlClient client = ControlClient.connect(socket)) {
            if (command.equals("events")) {
                return printEvents(client);
            }
            JsonNode answer = client.request(command, vm, ANSWER_LIMIT);
            System.out.println(answer.has("status") ? answer.get("status").toPrettyString() : "done");
            return ExitCode.OK;
        } catch (ControlException e) {
            System.err.println(e.getMessage());
        } catch (IOException e) {
            System.err.println("cannot ask the host at " + socket + ": " + e.getMessage());
        }
        return ExitCode.SOFTWARE;
    }

    /** Until the host ends, or Ctrl-C. */
    private static int printEvents(ControlClient client) throws IOException {
        client.subscribe();
        try {
            while (true) {
                JsonNode event = client.nextEvent(EVENT_LIMIT);
                if (event != null) {
                    System.out.println(event);
                }
            }
        } catch (ControlException hostEnded) {
            return ExitCode.OK;
        }
    }
}
