package io.lockstep.host.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.lockstep.redirect.nbd.NbdExport;
import io.lockstep.redirect.nbd.NbdServerConfig;
import io.lockstep.redirect.path.file.FilePathConfig;
import io.lockstep.redirect.path.nbd.NbdPathConfig;
import io.lockstep.redirect.route.DeadlineConfig;
import io.lockstep.redirect.route.RedirectConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads an {@link NbdConfig} from YAML. */
public final class NbdConfigReader {
    private static final int MAX_SOCKET_PATH = 107;

    private final List<String> errors = new ArrayList<>();
    /** Paths in the text, those included that are wrong. */
    private int listed;

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
        List<NbdConfig.DiskPath> paths = paths(root, readOnly);
        RedirectConfig redirect = redirect(root);
        String state = root.text("state", "");
        boolean needsState = listed > 1
                || paths.stream()
                        .anyMatch(path -> path instanceof NbdConfig.DiskPath.Nbd nbd
                                && nbd.config().generations());
        if (needsState && state.isEmpty()) {
            errors.add("state is missing: must be a file where the generation is kept; several paths, or a partner,"
                    + " need one");
        }
        long openTimeoutNs = root.durationNs("open-timeout", "30s");
        root.rejectUnknown();
        return new NbdConfig(
                server,
                export,
                readOnly,
                paths,
                redirect,
                state.isEmpty() ? Optional.empty() : Optional.of(Path.of(state)),
                openTimeoutNs);
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

    private List<NbdConfig.DiskPath> paths(Section root, boolean readOnly) {
        List<NbdConfig.DiskPath> paths = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Section section : root.list("paths")) {
            listed++;
            String name = section.required("name");
            if (!names.add(name)) {
                errors.add(section.name("name") + " is '" + name + "': another path has this name");
            }
            String file = section.text("file", "");
            String nbd = section.text("nbd", "");
            if (file.isEmpty() == nbd.isEmpty()) {
                errors.add(section.name("file") + " or " + section.name("nbd") + ": must have exactly one of them");
            } else {
                checked(() ->
                        paths.add(file.isEmpty() ? nbd(section, name, nbd) : file(section, name, file, readOnly)));
            }
            section.rejectUnknown();
        }
        if (paths.isEmpty() && errors.isEmpty()) {
            errors.add("paths is empty: must have at least one path");
        }
        return paths;
    }

    private NbdConfig.DiskPath file(Section section, String name, String file, boolean readOnly) {
        return new NbdConfig.DiskPath.File(new FilePathConfig(
                name.isEmpty() ? "unnamed" : name,
                Path.of(file),
                readOnly,
                section.choice("direct", FilePathConfig.Direct.PREFER),
                section.number("block-size", FilePathConfig.DEFAULT_BLOCK_SIZE),
                section.number("workers", 16),
                section.number("max-issued", 128)));
    }

    private NbdConfig.DiskPath nbd(Section section, String name, String server) {
        boolean unix = server.startsWith("/");
        SocketAddress address = unix ? UnixDomainSocketAddress.of(server) : section.address("nbd");
        return new NbdConfig.DiskPath.Nbd(new NbdPathConfig(
                name.isEmpty() ? "unnamed" : name,
                address,
                section.text("export", ""),
                section.flag("partner", false),
                section.durationNs("open-timeout", "5s"),
                section.number("max-in-flight", 128)));
    }

    private RedirectConfig redirect(Section root) {
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
        boolean queue = section.flag("queue", true);
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
