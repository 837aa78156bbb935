package io.lockstep.redirect.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PathMonitorTest {
    @TempDir
    private Path root;

    private final List<String> events = new ArrayList<>();

    private final PathMonitor.Listener listener = new PathMonitor.Listener() {
        @Override
        public void onDown(String path, String reason) {
            events.add("down " + path + " " + root.relativize(Path.of(reason.substring(0, reason.indexOf(' '))))
                    + reason.substring(reason.indexOf(' ')));
        }

        @Override
        public void onUp(String path) {
            events.add("up " + path);
        }
    };

    private void state(String file, String state) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, state + "\n");
    }

    @Test
    void shouldTellWhenAPortGoesDownAndComesBack() throws IOException {
        state("class/fc_host/host3/port_state", "Online");
        state("class/scsi_host/host3/state", "running");
        PathMonitor monitor = new PathMonitor(root, Map.of("local", new PathMonitor.Adapter("host3", "")));
        monitor.look(listener);
        assertEquals(List.of(), events);
        state("class/fc_host/host3/port_state", "Linkdown");
        monitor.look(listener);
        monitor.look(listener);
        assertEquals(List.of("down local class/fc_host/host3/port_state is Linkdown"), events);
        state("class/fc_host/host3/port_state", "Online");
        monitor.look(listener);
        assertEquals("up local", events.get(1));
    }

    @Test
    void shouldTellWhenADiskIsOffline() throws IOException {
        state("class/scsi_host/host1/state", "running");
        state("class/scsi_device/1:0:0:4/device/state", "transport-offline");
        new PathMonitor(root, Map.of("local", new PathMonitor.Adapter("host1", "1:0:0:4"))).look(listener);
        assertEquals(List.of("down local class/scsi_device/1:0:0:4/device/state is transport-offline"), events);
    }

    @Test
    void shouldTakeAbsenceForNothing() {
        new PathMonitor(root, Map.of("local", new PathMonitor.Adapter("host1", "1:0:0:4"))).look(listener);
        assertEquals(List.of(), events);
    }

    @Test
    void shouldRefuseNamesThatLeadElsewhere() {
        assertThrows(IllegalArgumentException.class, () -> new PathMonitor.Adapter("../host1", ""));
        String message = assertThrows(IllegalArgumentException.class, () -> new PathMonitor.Adapter("host1", "1:0:0"))
                .getMessage();
        assertTrue(message.contains("1:0:0"), message);
    }
}
