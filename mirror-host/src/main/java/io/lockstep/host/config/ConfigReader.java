package io.lockstep.host.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.lockstep.hypervisor.dirty.TrackerChoice;
import io.lockstep.mirror.MirrorPolicy;
import io.lockstep.mirror.record.AckLevel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads a {@link HostConfig} from YAML. */
public final class ConfigReader {
    private final List<String> errors = new ArrayList<>();

    private ConfigReader() {}

    /**
     * Reads a file.
     *
     * @throws ConfigException with every error in it
     * @throws IOException if it cannot be read
     */
    public static HostConfig read(Path file) throws IOException {
        return parse(file.toString(), Files.readString(file));
    }

    /** Reads a text; {@code source} names it in errors. */
    public static HostConfig parse(String source, String yaml) {
        JsonNode tree;
        try {
            tree = new ObjectMapper(new YAMLFactory()).readTree(yaml);
        } catch (JsonProcessingException e) {
            throw new ConfigException(
                    source,
                    List.of("not YAML: " + e.getOriginalMessage() + " at line "
                            + (e.getLocation() == null ? "?" : e.getLocation().getLineNr())));
        }
        ConfigReader reader = new ConfigReader();
        HostConfig config = reader.host(new Section("", tree, reader.errors));
        if (config == null || !reader.errors.isEmpty()) {
            throw new ConfigException(source, reader.errors);
        }
        return config;
    }

    private HostConfig host(Section root) {
        String host = root.required("host");
        String runDir = root.required("run-dir");
        String arbiterDir = root.required("arbiter-dir");
        InetSocketAddress listen = root.address("listen");
        Section partner = root.section("partner");
        String partnerHost = partner.required("host");
        InetSocketAddress partnerAddress = partner.address("address");
        partner.rejectUnknown();
        long memoryLimit = root.size("memory-limit", "1t");
        UplinkConfig uplink = uplink(root.section("uplink"));
        TrackerChoice tracker = root.choice("tracker", TrackerChoice.AUTO);
        MirrorPolicy policy = policy(root.section("policy"));
        List<GuestConfig> guests = new GuestReader(errors, List.of(host, partnerHost)).guests(root);
        root.rejectUnknown();
        try {
            return new HostConfig(
                    host,
                    Path.of(runDir),
                    Path.of(arbiterDir),
                    listen,
                    partnerHost,
                    partnerAddress,
                    memoryLimit,
                    uplink,
                    tracker,
                    policy,
                    guests);
        } catch (IllegalArgumentException e) {
            errors.add(e.getMessage());
            return null;
        }
    }

    private UplinkConfig uplink(Section section) {
        String tap = section.text("tap", "");
        String stream = section.text("stream", "");
        section.rejectUnknown();
        try {
            return new UplinkConfig(tap, stream);
        } catch (IllegalArgumentException e) {
            errors.add(e.getMessage());
            return UplinkConfig.NONE;
        }
    }

    private MirrorPolicy policy(Section section) {
        try {
            return new MirrorPolicy(
                    section.durationNs("epoch", "24ms"),
                    section.durationNs("min-epoch", "3ms"),
                    section.durationNs("max-epoch", "500ms"),
                    section.number("epochs-in-flight", 2),
                    section.durationNs("heartbeat", "10ms"),
                    section.durationNs("detect", "80ms"),
                    section.durationNs("lease", "60ms"),
                    section.durationNs("link-fault-grace", "400ms"),
                    section.number("window-slots", 8192),
                    Math.toIntExact(Math.min(Integer.MAX_VALUE, section.size("held-outputs", "4m"))),
                    section.choice("compression", MirrorPolicy.Compression.AUTO),
                    section.choice("ack-level", AckLevel.RECEIVED));
        } catch (IllegalArgumentException e) {
            for (String error : e.getMessage().split("; ", -1)) {
                errors.add("policy." + error);
            }
            return MirrorPolicy.standard();
        } finally {
            section.rejectUnknown();
        }
    }
}
