package io.lockstep.host.demo;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What the demo breaks, and what must come of it. */
enum KillKind {
    A("SIGKILL for host a's engine and its QEMU at once", "host b takes over", true),
    B("SIGKILL for host b's engine and its QEMU at once", "host a goes on alone", false),
    QEMU_A("SIGKILL for the guest's QEMU on host a", "host b takes over", true),
    ENGINE_A("SIGKILL for host a's engine", "host a's QEMU dies with it and host b takes over", true),
    LINK("the interconnect is cut without a word", "exactly one host goes on", false),
    NONE("nothing is broken", "the guest stays protected", false);

    private final String what;
    private final String expected;
    private final boolean takeover;

    KillKind(String what, String expected, boolean takeover) {
        this.what = what;
        this.expected = expected;
        this.takeover = takeover;
    }

    /** As on the command line. */
    String option() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    String what() {
        return what;
    }

    String expected() {
        return expected;
    }

    /** True if host b must run the guest afterwards. */
    boolean isTakeover() {
        return takeover;
    }

    static List<String> options() {
        return Arrays.stream(values()).map(KillKind::option).toList();
    }

    /** Null if there is none with this name. */
    static KillKind of(String option) {
        return Arrays.stream(values())
                .filter(kind -> kind.option().equals(option))
                .findFirst()
                .orElse(null);
    }
}
