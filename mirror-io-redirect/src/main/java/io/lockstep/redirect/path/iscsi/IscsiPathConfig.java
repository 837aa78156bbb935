package io.lockstep.redirect.path.iscsi;

import java.util.ArrayList;
import java.util.List;

/**
 * A logical unit as a path.
 *
 * @param name what people call the path
 * @param portal host:port of the target
 * @param target the target's name (iqn...)
 * @param lun the logical unit's number, 0 to 16383
 * @param initiator the name this path logs in with; another one for each path and host
 * @param user for CHAP, empty for none
 * @param password for CHAP
 * @param diskKey names the disk in reservation keys, 1 to 2^24 - 1: the same on all paths and hosts, another one for each disk of a target
 * @param pathKey names the path in reservation keys, 0 to 255: another one for each path of the disk, on all hosts together
 * @param maxIssued most commands at the target at a time, 1 to 256
 * @param openTimeoutMs longest time to connect and look at the unit, and for a fence, 100 to 60000
 */
public record IscsiPathConfig(
        String name,
        String portal,
        String target,
        int lun,
        String initiator,
        String user,
        String password,
        int diskKey,
        int pathKey,
        int maxIssued,
        int openTimeoutMs) {
    /** What targets of one disk take without saying "task set full". */
    public static final int DEFAULT_ISSUED = 32;
    /** Long for a login, short for a person. */
    public static final int DEFAULT_OPEN_TIMEOUT_MS = 5_000;

    private static final int MAX_LUN = 16_383;
    private static final int MAX_DISK_KEY = (1 << 24) - 1;
    private static final int MAX_PATH_KEY = 255;
    private static final int MAX_ISSUED = 256;
    private static final int MIN_TIMEOUT_MS = 100;
    private static final int MAX_TIMEOUT_MS = 60_000;

    /** Checks every value; the message has all that are wrong. */
    public IscsiPathConfig {
        List<String> wrong = new ArrayList<>();
        requireText(wrong, "name", name);
        requireText(wrong, "target", target);
        requireText(wrong, "initiator", initiator);
        if (portal == null || !portal.matches("(\\[[0-9a-fA-F:.]+]|[^\\s:]+):[0-9]{1,5}")) {
            wrong.add("portal is " + portal + ": must be host:port");
        }
        if (user == null || password == null || user.isEmpty() != password.isEmpty()) {
            wrong.add("user and password must be given both, or both be empty");
        }
        requireRange(wrong, "lun", lun, 0, MAX_LUN);
        requireRange(wrong, "diskKey", diskKey, 1, MAX_DISK_KEY);
        requireRange(wrong, "pathKey", pathKey, 0, MAX_PATH_KEY);
        requireRange(wrong, "maxIssued", maxIssued, 1, MAX_ISSUED);
        requireRange(wrong, "openTimeoutMs", openTimeoutMs, MIN_TIMEOUT_MS, MAX_TIMEOUT_MS);
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException("iscsi path " + name + ": " + String.join("; ", wrong));
        }
    }

    private static void requireText(List<String> wrong, String key, String value) {
        if (value == null || value.isBlank()) {
            wrong.add(key + " is missing");
        }
    }

    private static void requireRange(List<String> wrong, String key, int value, int least, int most) {
        if (value < least || value > most) {
            wrong.add(key + " is " + value + ": must be from " + least + " to " + most);
        }
    }

    /** Without CHAP, and with defaults for the rest. */
    public static IscsiPathConfig of(
            String name, String portal, String target, int lun, String initiator, int diskKey, int pathKey) {
        return new IscsiPathConfig(
                name,
                portal,
                target,
                lun,
                initiator,
                "",
                "",
                diskKey,
                pathKey,
                DEFAULT_ISSUED,
                DEFAULT_OPEN_TIMEOUT_MS);
    }

    @Override
    public String toString() {
        return "iscsi://" + portal + "/" + target + "/" + lun; // without the password
    }
}
