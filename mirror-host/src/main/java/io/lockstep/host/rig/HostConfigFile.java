package io.lockstep.host.rig;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the YAML that {@code mirror host --config} reads. */
final class HostConfigFile {
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private HostConfigFile() {}

    /**
     * The text for one host.
     *
     * @param listen where it listens, {@code host:port}
     * @param partner where it reaches its partner
     */
    static String text(PairConfig config, Side side, String listen, String partner, String tap) throws IOException {
        ObjectNode root = YAML.createObjectNode();
        root.put("host", side.hostName())
                .put("run-dir", config.runDir(side).toString())
                .put("arbiter-dir", config.arbiterDir().toString())
                .put("listen", listen);
        root.putObject("partner").put("host", side.other().hostName()).put("address", partner);
        String limit = config.memoryLimit().get(side);
        if (limit != null) {
            root.put("memory-limit", limit);
        }
        root.putObject("uplink").put("tap", tap);
        if (!config.policy().isEmpty()) {
            ObjectNode policy = root.putObject("policy");
            config.policy().entrySet().stream()
                    .sorted(java.util.Map.Entry.comparingByKey())
                    .forEach(entry -> policy.put(entry.getKey(), entry.getValue()));
        }
        String load = config.guestLoad().isEmpty() ? "" : " mirror.load=" + config.guestLoad();
        root.putArray("guests")
                .addObject()
                .put("name", PairConfig.VM)
                .put("start-on", Side.A.hostName())
                .put("kernel", config.guestDir().resolve("vmlinuz").toString())
                .put("initrd", config.guestDir().resolve("initrd").toString())
                .put("append", "mirror.ip=" + RigNetwork.GUEST + "/24" + load)
                .put("memory", config.guestMemory())
                .put("mac", "52:54:00:77:00:10")
                .put("console-log", true);
        return YAML.writeValueAsString(root);
    }

    static Path write(Path file, String text) throws IOException {
        return Files.writeString(file, text);
    }
}
