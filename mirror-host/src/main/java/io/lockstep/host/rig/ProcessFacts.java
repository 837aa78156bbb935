package io.lockstep.host.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel says about a process. */
public final class ProcessFacts {
    private ProcessFacts() {}

    /** True if the process exists and is not just waiting to be buried. */
    public static boolean isRunning(long pid) {
        if (pid <= 0) {
            return false;
        }
        String state = field(pid, "State");
        return !state.isEmpty() && !state.startsWith("Z") && !state.startsWith("X");
    }

    /** Resident memory that no file is behind, in bytes. */
    public static long anonymousBytes(long pid) {
        String text = field(pid, "RssAnon");
        String digits = text.replaceAll("[^0-9]", "");
        return digits.isEmpty() ? 0 : Long.parseLong(digits) * 1024;
    }

    private static String field(long pid, String name) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
                if (line.startsWith(name + ":")) {
                    return line.substring(name.length() + 1).strip();
                }
            }
        } catch (IOException e) {
            return ""; // gone
        }
        return "";
    }
}
