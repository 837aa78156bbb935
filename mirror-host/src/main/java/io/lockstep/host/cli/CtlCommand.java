package io.lockstep.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
    private static final ObjectMapper JSON = new ObjectMapper();

    @Option(names = "--socket", required = true, paramLabel = "FILE", description = "The host's run-dir/control.sock.")
    private Path socket;

    @Parameters(index = "0", paramLabel = "COMMAND", description = "What to ask.")
    private String command;

    @Parameters(index = "1", arity = "0..1", paramLabel = "VM", description = "Name of the guest.")
    private String vm;

    @Override
    public Integer call() {
        ObjectNode request = JSON.createObjectNode().put("command", command);
        if (vm != null) {
            request.put("vm", vm);
        }
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            Writer writer = Channels.newWriter(channel, StandardCharsets.UTF_8);
            writer.write(request + "\n");
            writer.flush();
            BufferedReader reader =
                    new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
            return print(reader);
        } catch (IOException e) {
            System.err.println("cannot ask the host at " + socket + ": " + e.getMessage());
            return ExitCode.SOFTWARE;
        }
    }

    private int print(BufferedReader reader) throws IOException {
        int code = ExitCode.SOFTWARE;
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (command.equals("events")) {
                System.out.println(line);
                continue;
            }
            JsonNode answer = JSON.readTree(line);
            if (answer.path("ok").asBoolean()) {
                System.out.println(answer.has("status") ? answer.get("status").toPrettyString() : "done");
                return ExitCode.OK;
            }
            System.err.println(answer.path("error").asText());
            return ExitCode.SOFTWARE;
        }
        return command.equals("events") ? ExitCode.OK : code;
    }
}
