package io.lockstep.host.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.lockstep.redirect.nbd.NbdExport;
import io.lockstep.redirect.nbd.NbdServerConfig;
import io.lockstep.redirect.route.DeadlineConfig;
import io.lockstep.redirect.route.RedirectConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads an {@link NbdConfig} from YAML. */
public final class NbdConfigReader {
    private static final int MAX_SOCKET_PATH = 107;

    private final List<String> errors = new ArrayList<>();

    private NbdConfigReader() {}

    /**
     * Reads a file.
     *
     * @throws ConfigException with every error in it
     * @throws IOException if it cannot be read
     */
    public static NbdConfig read(Path file) throws IOException {
        return parse(file.toString(), Files.readString(file));
    }

    /** Reads a text; {@code source} names it in errors. */
    public static NbdConfig parse(String source, String yaml) {
        JsonNode tree;
        try {
            tree = new ObjectMapper(new YAMLFactory()).readTree(yaml);
        } catch (JsonProcessingException e) {
            throw new ConfigException(source, List.of("not YAML: " + e.getOriginalMessage()));
        }
        NbdConfigReader reader = new NbdConfigReader();
        NbdConfig config = reader.root(new Section("", tree, reader.errors));
        if (!reader.errors.isEmpty()) {
            throw new ConfigException(source, reader.errors);
        }
        return config;
    }

    private NbdConfig root(Section root) {
        NbdServerConfig server = server(root);
        String export = root.text("export", "disk");
        checked(() -> NbdExport.checkName(export));
        boolean readOnly = root.flag("read-only", false);
        Optional<CopiesConfig> copies = Optional.empty();
        DiskPathReader.Ways ways = DiskPathReader.Ways.NONE;
        boolean twice = root.section("copies").isPresent();
        if (twice) {
            copies = new CopiesReader(errors).read(root, export, readOnly);
        } else {
            ways = new DiskPathReader(errors).read(root, readOnly);
        }
        RedirectConfig redirect = redirect(root, !twice);
        String partners = root.text("partners", "");
        long openTimeoutNs = root.durationNs("open-timeout", "30s");
        root.rejectUnknown();
        return new NbdConfig(
                server,
                export,
                readOnly,
                ways.paths(),
                redirect,
                ways.state(),
                openTimeoutNs,
                copies,
                partners.isEmpty() ? Optional.empty() : Optional.of(Path.of(partners)));
    }

    private NbdServerConfig server(Section root) {
        Section listen = root.section("listen");
        String unix = listen.text("unix", "");
        if (unix.length() > MAX_SOCKET_PATH) {
            errors.add("listen.unix is '" + unix + "': must be at most " + MAX_SOCKET_PATH + " characters");
        }
        Optional<InetSocketAddress> tcp =
                listen.text("tcp", "").isEmpty() ? Optional.empty() : Optional.of(listen.address("tcp"));
        listen.rejectUnknown();
        Section clients = root.section("clients");
        int connections = clients.number("connections", 1_200);
        int requests = clients.number("requests", 1_024);
        int each = clients.number("requests-each", 256);
        boolean multiConn = clients.flag("multi-conn", true);
        long handshakeNs = clients.durationNs("handshake", "60s");
        long stallNs = clients.durationNs("stall", "30s");
        clients.rejectUnknown();
        if (unix.isEmpty() && tcp.isEmpty()) {
            errors.add("listen is missing: must have unix (a path), tcp (host:port), or both");
            return null;
        }
        try {
            return new NbdServerConfig(
                    unix.isEmpty() ? Optional.empty() : Optional.of(Path.of(unix)),
                    tcp,
                    connections,
                    requests,
                    each,
                    256,
                    16,
                    2,
                    multiConn,
                    handshakeNs,
                    stallNs);
        } catch (IllegalArgumentException e) {
            errors.add("clients: " + e.getMessage());
            return null;
        }
    }

    private RedirectConfig redirect(Section root, boolean wait) {
        RedirectConfig like = RedirectConfig.DEFAULT;
        DeadlineConfig d = like.deadline();
        Section section = root.section("redirect");
        long deadlineNs = section.durationNs("deadline", "250ms");
        long slowNs = section.durationNs("deadline-slow", "2s");
        long ceilingNs = section.durationNs("deadline-most", "10s");
        RedirectConfig.Unfenced unfenced =
                section.choice("unfenced", like.switching().unfenced());
        if (unfenced == RedirectConfig.Unfenced.MARK_STALE) {
            errors.add(
                    "redirect.unfenced is 'mark-stale': must be one of refuse, settle; all paths lead to one copy here");
            unfenced = RedirectConfig.Unfenced.REFUSE;
        }
        long settleNs = section.durationNs("settle", "0s");
        boolean queue = section.flag("queue", wait);
        long queueNs = section.durationNs("queue-time", "30s");
        boolean failback = section.flag("failback", true);
        section.rejectUnknown();
        RedirectConfig.Unfenced chosen = unfenced;
        RedirectConfig[] result = {like};
        checked(() -> result[0] = like.withDeadline(
                        new DeadlineConfig(deadlineNs, slowNs, ceilingNs, d.factor(), d.perMibNs(), d.windowNs()))
                .withBounds(new RedirectConfig.Bounds(2_048, 256))
                .withSwitching(new RedirectConfig.Switching(
                        like.switching().openTimeoutNs(),
                        like.switching().fenceTimeoutNs(),
                        like.switching().errorAttempts(),
                        chosen,
                        settleNs,
                        false))
                .withProbing(new RedirectConfig.Probing(
                        like.probing().intervalNs(),
                        like.probing().timeoutNs(),
                        failback,
                        like.probing().goodProbes(),
                        like.probing().goodNs()))
                .withNoPath(new RedirectConfig.NoPath(queue, queueNs)));
        return result[0];
    }

    private void checked(Runnable making) {
        try {
            making.run();
        } catch (IllegalArgumentException e) {
            errors.add(e.getMessage());
        }
    }
}
