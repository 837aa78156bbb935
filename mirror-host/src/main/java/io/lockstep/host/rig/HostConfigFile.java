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
     * Where a host is, and whom it reaches.
     *
     * @param listen where it listens, {@code host:port}
     * @param partner where it reaches its partner
     * @param tap its tap
     * @param serve where it serves its copy of the disk
     * @param served where its partner does
     */
    record Addresses(String listen, String partner, String tap, String serve, String served) {}

    /** The text for one host. */
    static String text(PairConfig config, Side side, Addresses addresses) throws IOException {
        ObjectNode root = YAML.createObjectNode();
        root.put("host", side.hostName())
                .put("run-dir", config.runDir(side).toString())
                .put("arbiter-dir", config.arbiterDir().toString())
                .put("listen", addresses.listen());
        root.putObject("partner").put("host", side.other().hostName()).put("address", addresses.partner());
        String limit = config.memoryLimit().get(side);
        if (limit != null) {
            root.put("memory-limit", limit);
        }
        root.putObject("uplink").put("tap", addresses.tap());
        if (!config.policy().isEmpty()) {
            ObjectNode policy = root.putObject("policy");
            config.policy().entrySet().stream()
                    .sorted(java.util.Map.Entry.comparingByKey())
                    .forEach(entry -> policy.put(entry.getKey(), entry.getValue()));
        }
        String load = config.guestLoad().isEmpty() ? "" : " mirror.load=" + config.guestLoad();
        String disk = config.disk() == null ? "" : " " + config.disk().guestWords();
        ObjectNode guest = root.putArray("guests").addObject();
        guest.put("name", PairConfig.VM)
                .put("start-on", Side.A.hostName())
                .put("kernel", config.guestDir().resolve("vmlinuz").toString())
                .put("initrd", config.guestDir().resolve("initrd").toString())
                .put("append", "mirror.ip=" + RigNetwork.GUEST + "/24" + load + disk)
                .put("memory", config.guestMemory())
                .put("mac", "52:54:00:77:00:10")
                .put("console-log", true);
        if (config.disk() != null) {
            disk(config, side, addresses, guest.putObject("disk"));
        }
        return YAML.writeValueAsString(root);
    }

    private static void disk(PairConfig config, Side side, Addresses addresses, ObjectNode disk) {
        Path directory = config.diskDir(side);
        String path = config.disk().injected()
                ? "nbd+unix:///?socket=" + DiskServer.socket(directory)
                : DiskServer.image(directory).toString();
        disk.put("topology", "copies")
                .put("size", config.disk().mib() + "m")
                .put("state-dir", directory.resolve("state").toString())
                .put("held", "64m")
                .put("serve", addresses.serve())
                .put("partner", addresses.served());
        disk.putArray("paths").add(path);
    }

    static Path write(Path file, String text) throws IOException {
        return Files.writeString(file, text);
    }
}
