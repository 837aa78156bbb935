package io.lockstep.host.drill;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Collectors;

/** All scenarios, in the order they run: those that can share a pair stand together. */
enum ScenarioKind {
    F1("the host dies: engine and QEMU, at random moments"),
    F2("the guest's QEMU alone dies"),
    F3("the engine alone dies"),
    F4("the engine is stopped for a while"),
    F6("the partner dies and returns"),
    F11("switchover, forth and back, under load"),
    F5("the interconnect is cut"),
    F8("the stream is corrupted, cut off, replayed, foreign"),
    F9("the receiver is slow"),
    F7("the partner has too little memory"),
    F10("memory file systems and the arbiter's disk are full");

    private final String title;

    ScenarioKind(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    Scenario create() {
        return switch (this) {
            case F1 -> new HostDies();
            case F2 -> new QemuDies();
            case F3 -> new EngineDies();
            case F4 -> new EngineStops();
            case F6 -> new PartnerDies();
            case F11 -> new Switchover();
            case F5 -> new LinkCut();
            case F8 -> new BadStream();
            case F9 -> new SlowReceiver();
            case F7 -> new TooLittleMemory();
            case F10 -> new FullDisks();
        };
    }

    static String names() {
        return Arrays.stream(values())
                .sorted(Comparator.comparingInt(
                        kind -> Integer.parseInt(kind.name().substring(1))))
                .map(ScenarioKind::name)
                .collect(Collectors.joining(", "));
    }

    /** Null if there is none with this name. */
    static ScenarioKind of(String name) {
        return Arrays.stream(values())
                .filter(kind -> kind.name().equals(name))
                .findFirst()
                .orElse(null);
    }
}
