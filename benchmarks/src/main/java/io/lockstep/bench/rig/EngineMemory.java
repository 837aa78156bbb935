package io.lockstep.bench.rig;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.host.rig.RigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What an engine process occupies, from {@code /proc/PID/smaps} and {@code status}. */
final class EngineMemory {
    private static final Pattern MAPPING = Pattern.compile("^[0-9a-f]+-[0-9a-f]+ \\S+ \\S+ \\S+ \\d+ *(.*)$");
    private static final Pattern FIELD = Pattern.compile("^(\\w+): +(\\d+) kB$");

    private EngineMemory() {}

    /**
     * Kibibytes. {@code ownPssKb}: the proportional share of everything but the guest's own memory, which QEMU owns and the engine only
     * looks at.
     */
    static ObjectNode of(long pid) throws RigException {
        ObjectNode json = new ObjectMapper().createObjectNode();
        long guest = 0;
        long own = 0;
        try {
            boolean ofGuest = false;
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "smaps"))) {
                Matcher mapping = MAPPING.matcher(line);
                Matcher field = FIELD.matcher(line);
                if (mapping.matches()) {
                    ofGuest = mapping.group(1).endsWith("/ram");
                } else if (field.matches() && field.group(1).equals("Pss")) {
                    long kb = Long.parseLong(field.group(2));
                    guest += ofGuest ? kb : 0;
                    own += ofGuest ? 0 : kb;
                }
            }
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
                Matcher field =
                        Pattern.compile("^(VmRSS|RssAnon):\\s+(\\d+) kB$").matcher(line);
                if (field.matches()) {
                    json.put(field.group(1).equals("VmRSS") ? "rssKb" : "rssAnonKb", Long.parseLong(field.group(2)));
                }
            }
        } catch (IOException e) {
            throw new RigException("cannot read the memory of process " + pid + ": " + e.getMessage(), e);
        }
        return json.put("ownPssKb", own).put("guestRamPssKb", guest);
    }
}
