package io.lockstep.host.config;

import io.lockstep.hypervisor.qemu.GuestSpec;
import io.lockstep.hypervisor.qemu.InvalidGuestSpecException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the list of guests. */
final class GuestReader {
    /** Where the configuration's key differs from the component's name. */
    private static final Map<String, String> KEYS = Map.of(
            "memoryBytes", "memory", "commandLine", "append", "extraArguments", "extra-args", "diskBytes", "disk.size");

    private final List<String> errors;
    private final List<String> hosts;

    GuestReader(List<String> errors, List<String> hosts) {
        this.errors = errors;
        this.hosts = hosts;
    }

    List<GuestConfig> guests(Section root) {
        List<GuestConfig> guests = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Section section : root.list("guests")) {
            GuestConfig guest = guest(section);
            if (guest != null) {
                guests.add(guest);
                if (!names.add(guest.spec().name())) {
                    errors.add(section.name("name") + " is '" + guest.spec().name() + "': another guest has this name");
                }
            }
        }
        if (guests.isEmpty() && errors.isEmpty()) {
            errors.add("guests is empty: must have at least one guest");
        }
        return guests;
    }

    private GuestConfig guest(Section section) {
        String name = section.required("name");
        String startOn = section.required("start-on");
        if (!startOn.isEmpty() && !hosts.contains(startOn)) {
            errors.add(section.name("start-on") + " is '" + startOn + "': must be one of " + String.join(", ", hosts));
        }
        DiskReader disk = new DiskReader(section.section("disk"), errors);
        GuestSpec like = GuestSpec.of(name.isEmpty() ? "unnamed" : name, "/", "");
        try {
            GuestSpec spec = new GuestSpec(
                    name,
                    section.text("qemu", like.qemu()),
                    section.text("machine", like.machine()),
                    section.text("cpu", like.cpu()),
                    section.text("accelerator", like.accelerator()),
                    section.size("memory", "256m"),
                    section.number("vcpus", 1),
                    section.required("kernel"),
                    section.text("initrd", ""),
                    (like.commandLine() + " " + section.text("append", "")).trim(),
                    section.text("mac", like.mac()),
                    section.text("uuid", like.uuid()),
                    "",
                    disk.bytes(),
                    "",
                    section.texts("extra-args"));
            boolean consoleLog = section.flag("console-log", true);
            return disk.isBroken() ? null : new GuestConfig(spec, startOn, consoleLog, disk.config());
        } catch (InvalidGuestSpecException e) {
            for (InvalidGuestSpecException.Problem problem : e.problems()) {
                String key = KEYS.getOrDefault(problem.key(), problem.key());
                errors.add(section.name(key) + " is '" + problem.value() + "': must be " + problem.allowed());
            }
            return null;
        } finally {
            section.rejectUnknown();
        }
    }
}
