package io.lockstep.redirect.route;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads what the kernel says of host bus adapters: {@code class/fc_host/HOST/port_state}, {@code class/scsi_host/HOST/state} and, for a disk of
 * a host, {@code class/scsi_device/ADDRESS/device/state}. A loss of light is seen here seconds before a request times out.
 *
 * <p>Absence is not failure: a host without FC has no {@code fc_host}. Only a state that is there and is none of the good ones counts.
 *
 * <p>Threading: {@link #look} reads files of sysfs, which may take as long as a driver likes: call it, some times a second, on a thread that
 * may block, and hand the events over to the thread of the stack.
 */
public final class PathMonitor {
    private static final Set<String> GOOD_PORT = Set.of("online");
    private static final Set<String> GOOD_HOST = Set.of("running", "recovery");
    private static final Set<String> GOOD_DEVICE = Set.of("running", "created", "quiesce", "blocked");

    private final List<Watched> watched = new ArrayList<>();

    /** Is told of changes, on the thread that looks. */
    public interface Listener {
        /** The adapter under this path is down. */
        void onDown(String path, String reason);

        /** The adapter under this path is good again. */
        void onUp(String path);
    }

    /**
     * What a path depends on.
     *
     * @param scsiHost as the kernel names it, for example host3
     * @param scsiAddress of the disk, for example 3:0:0:1; empty if only the adapter matters
     */
    public record Adapter(String scsiHost, String scsiAddress) {
        /** Checks that both are names and not paths. */
        public Adapter {
            if (!scsiHost.matches("host[0-9]{1,9}")) {
                throw new IllegalArgumentException("scsiHost is '" + scsiHost + "': must be like host3");
            }
            if (!scsiAddress.isEmpty() && !scsiAddress.matches("[0-9]+(:[0-9]+){3}")) {
                throw new IllegalArgumentException("scsiAddress is '" + scsiAddress + "': must be like 3:0:0:1");
            }
        }
    }

    private static final class Watched {
        private final String path;
        private final Path port;
        private final Path host;
        private final Path device;
        private boolean down;

        Watched(Path root, String path, Adapter adapter) {
            this.path = path;
            this.port = root.resolve("class/fc_host/" + adapter.scsiHost() + "/port_state");
            this.host = root.resolve("class/scsi_host/" + adapter.scsiHost() + "/state");
            this.device = adapter.scsiAddress().isEmpty()
                    ? null
                    : root.resolve("class/scsi_device/" + adapter.scsiAddress() + "/device/state");
        }
    }

    /**
     * A monitor.
     *
     * @param root normally /sys
     * @param adapters by name of the path
     */
    public PathMonitor(Path root, Map<String, Adapter> adapters) {
        adapters.forEach((path, adapter) -> watched.add(new Watched(root, path, adapter)));
    }

    /** Reads everything once and tells what changed since the last time; at first, what is down. */
    public void look(Listener listener) {
        for (Watched one : watched) {
            String trouble = trouble(one);
            if (!trouble.isEmpty() && !one.down) {
                one.down = true;
                listener.onDown(one.path, trouble);
            } else if (trouble.isEmpty() && one.down) {
                one.down = false;
                listener.onUp(one.path);
            }
        }
    }

    private static String trouble(Watched one) {
        String trouble = trouble(one.port, GOOD_PORT);
        if (trouble.isEmpty()) {
            trouble = trouble(one.host, GOOD_HOST);
        }
        return trouble.isEmpty() && one.device != null ? trouble(one.device, GOOD_DEVICE) : trouble;
    }

    private static String trouble(Path file, Set<String> good) {
        String state;
        try {
            state = Files.readString(file, StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            return "";
        }
        return state.isEmpty() || good.contains(state.toLowerCase(java.util.Locale.ROOT)) ? "" : file + " is " + state;
    }
}
