package io.lockstep.host.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.host.HostEvent;
import io.lockstep.host.MirrorHost;
import io.lockstep.host.ProtectedVm;
import io.lockstep.host.VmStatus;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Serves the control socket. Each connection has a thread of its own; at most 32 at a time, further ones are told so and closed.
 */
public final class ControlServer implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 32;
    private static final int MAX_LINE = 64 * 1024;
    private static final int MAX_QUEUED_EVENTS = 4096;
    private static final long ANSWER_SECONDS = 60;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final MirrorHost host;
    private final Path path;
    private final ServerSocketChannel listener;
    private final Semaphore connections = new Semaphore(MAX_CONNECTIONS);
    private final CountDownLatch stopAsked = new CountDownLatch(1);

    /** Listens at a path; a socket left there by a dead process is replaced. */
    public ControlServer(MirrorHost host, Path path) throws IOException {
        this.host = host;
        this.path = path;
        Files.deleteIfExists(path);
        this.listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.bind(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            listener.close();
            throw new IOException("cannot listen at " + path + ": " + e.getMessage(), e);
        }
        start("control", this::accept);
    }

    /** Waits until somebody asks the host to stop. */
    public void awaitStop() throws InterruptedException {
        stopAsked.await();
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (listener.isOpen()) {
                SocketChannel channel = listener.accept();
                start("control-connection", () -> serve(channel));
            }
        } catch (ClosedChannelException e) {
            // The host ends.
        } catch (IOException e) {
            System.getLogger(ControlServer.class.getName())
                    .log(System.Logger.Level.ERROR, "the control socket is closed: " + e.getMessage());
        }
    }

    private void serve(SocketChannel channel) {
        boolean admitted = connections.tryAcquire();
        try (channel;
                BufferedReader reader = new BufferedReader(
                        new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
                Writer writer = Channels.newWriter(channel, StandardCharsets.UTF_8)) {
            if (!admitted) {
                send(writer, error("more than " + MAX_CONNECTIONS + " control connections"));
                return;
            }
            for (String line = readLine(reader); line != null; line = readLine(reader)) {
                JsonNode request = parse(line);
                if (request != null && request.path("command").asText().equals("events")) {
                    streamEvents(writer);
                    return;
                }
                send(writer, request == null ? error("not a JSON object: " + line) : answer(request));
            }
        } catch (IOException e) {
            System.getLogger(ControlServer.class.getName())
                    .log(System.Logger.Level.DEBUG, "a control connection ended: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (admitted) {
                connections.release();
            }
        }
    }

    private static String readLine(BufferedReader reader) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = reader.read(); c >= 0; c = reader.read()) {
            if (c == '\n') {
                return line.toString();
            }
            if (line.length() == MAX_LINE) {
                throw new IOException("request longer than " + MAX_LINE + " characters");
            }
            line.append((char) c);
        }
        return null;
    }

    private static JsonNode parse(String line) {
        try {
            JsonNode node = JSON.readTree(line);
            return node.isObject() ? node : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    private ObjectNode answer(JsonNode request) throws InterruptedException {
        String command = request.path("command").asText();
        try {
            switch (command) {
                case "status" -> {
                    ObjectNode answer = JSON.createObjectNode().put("ok", true);
                    answer.set("status", status());
                    return answer;
                }
                case "stop" -> {
                    stopAsked.countDown();
                    return JSON.createObjectNode().put("ok", true);
                }
                case "switchover", "failover", "unprotect", "protect" -> {
                    run(command, request.path("vm").asText()).get(ANSWER_SECONDS, TimeUnit.SECONDS);
                    return JSON.createObjectNode().put("ok", true);
                }
                default -> {
                    return error("command is '" + command
                            + "': must be one of status, switchover, failover, unprotect, protect, stop, events");
                }
            }
        } catch (ExecutionException e) {
            return error(e.getCause().getMessage());
        } catch (TimeoutException e) {
            return error(command + " is not done after " + ANSWER_SECONDS + " s; it goes on");
        } catch (IllegalArgumentException e) {
            return error(e.getMessage());
        }
    }

    private CompletableFuture<VmStatus> run(String command, String name) {
        ProtectedVm vm = host.vm(name);
        if (vm == null) {
            throw new IllegalArgumentException("vm is '" + name + "': must be one of "
                    + String.join(
                            ", ", host.vms().stream().map(ProtectedVm::name).toList()));
        }
        return switch (command) {
            case "switchover" -> vm.switchover();
            case "failover" -> vm.failover();
            case "unprotect" -> vm.unprotect();
            default -> vm.protect();
        };
    }

    private ObjectNode status() throws InterruptedException, ExecutionException, TimeoutException {
        ObjectNode status = JSON.createObjectNode();
        status.put("host", host.config().host());
        status.put("pid", ProcessHandle.current().pid());
        ArrayNode vms = status.putArray("vms");
        for (ProtectedVm vm : host.vms()) {
            vms.addPOJO(vm.status().get(ANSWER_SECONDS, TimeUnit.SECONDS));
        }
        return status;
    }

    private void streamEvents(Writer writer) throws IOException, InterruptedException {
        LinkedBlockingQueue<HostEvent> queue = new LinkedBlockingQueue<>(MAX_QUEUED_EVENTS);
        java.util.function.Consumer<HostEvent> listener = queue::offer;
        host.listen(listener);
        try {
            while (true) {
                send(writer, EventJson.of(queue.take()));
            }
        } finally {
            host.unlisten(listener);
        }
    }

    private static void send(Writer writer, ObjectNode node) throws IOException {
        writer.write(node + "\n");
        writer.flush();
    }

    private static ObjectNode error(String message) {
        return JSON.createObjectNode().put("ok", false).put("error", message);
    }

    @Override
    public void close() throws IOException {
        listener.close();
        Files.deleteIfExists(path);
    }
}
