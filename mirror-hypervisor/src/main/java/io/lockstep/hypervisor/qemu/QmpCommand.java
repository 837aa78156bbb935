package io.lockstep.hypervisor.qemu;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** The QMP commands in use. Commands are answered strictly in order, so that replies need no ids. */
enum QmpCommand {
    CAPABILITIES("qmp_capabilities"),
    SET_MIGRATION("migrate-set-capabilities"),
    STOP("stop"),
    CONT("cont"),
    SAVE_STATE("xen-save-devices-state"),
    MIGRATE("migrate"),
    MIGRATE_INCOMING("migrate-incoming"),
    ANNOUNCE("announce-self"),
    RESET("system_reset"),
    POWERDOWN("system_powerdown"),
    QUERY_STATUS("query-status");

    private static final ObjectMapper JSON = new ObjectMapper();

    private final String wireName;

    QmpCommand(String wireName) {
        this.wireName = wireName;
    }

    String wireName() {
        return wireName;
    }

    /** The command without arguments, as sent. */
    byte[] encode() {
        return encode(Map.of());
    }

    /** The command as sent. Not for the hot path: encode once, send often. */
    byte[] encode(Map<String, ?> arguments) {
        Map<String, Object> message = new java.util.LinkedHashMap<>();
        message.put("execute", wireName);
        if (!arguments.isEmpty()) {
            message.put("arguments", arguments);
        }
        try {
            return (JSON.writeValueAsString(message) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("arguments of " + wireName + " are not JSON: " + arguments, e);
        }
    }

    /** Saves the device state into a file without touching RAM. */
    static byte[] saveStateTo(Path file) {
        return SAVE_STATE.encode(Map.of("filename", file.toString(), "live", false));
    }

    /** Turns on migration events, and leaves shared RAM out of migration streams. */
    static byte[] migrationCapabilities() {
        return SET_MIGRATION.encode(Map.of(
                "capabilities",
                java.util.List.of(
                        Map.of("capability", "events", "state", true),
                        Map.of("capability", "x-ignore-shared", "state", true))));
    }

    /** Sends or expects a migration stream at a unix socket. */
    static byte[] migration(QmpCommand direction, Path socket) {
        return direction.encode(Map.of("uri", "unix:" + socket));
    }
}
