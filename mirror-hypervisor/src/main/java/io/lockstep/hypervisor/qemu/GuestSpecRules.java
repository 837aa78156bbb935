package io.lockstep.hypervisor.qemu;

import io.lockstep.hypervisor.qemu.InvalidGuestSpecException.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** What each component of a {@link GuestSpec} may be. Values end up in QEMU's comma-separated options, so commas matter. */
final class GuestSpecRules {
    static final long MIB = 1L << 20;
    static final long MAX_MEMORY = 4L << 40;
    static final int MAX_VCPUS = 255;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
    private static final Pattern MACHINE =
            Pattern.compile("(microvm|pc-q35-\\d+\\.\\d+|pc-i440fx-\\d+\\.\\d+)(,[A-Za-z0-9_.=-]+)*");
    private static final Pattern CPU = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.=+,-]*");
    private static final Pattern ACCELERATOR = Pattern.compile("kvm|tcg|kvm:tcg");
    private static final Pattern MAC = Pattern.compile("[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}");
    private static final Pattern UUID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    private static final Pattern PATH = Pattern.compile("[^,\\x00-\\x1f]+");

    private final List<Problem> problems = new ArrayList<>();

    private GuestSpecRules() {}

    static void check(
            String name,
            String qemu,
            String machine,
            String cpu,
            String accelerator,
            long memoryBytes,
            int vcpus,
            String kernel,
            String initrd,
            String mac,
            String uuid,
            String serialLog) {
        GuestSpecRules rules = new GuestSpecRules();
        rules.match("name", name, NAME, "1-63 letters, digits, '.', '_' or '-', starting with a letter or digit");
        rules.match("qemu", qemu, PATH, "a program name or path without commas");
        rules.match(
                "machine",
                machine,
                MACHINE,
                "microvm, pc-q35-X.Y or pc-i440fx-X.Y with a version (an unversioned type may differ between hosts),"
                        + " then ,key=value options");
        rules.match("cpu", cpu, CPU, "a CPU model such as max or Skylake-Server-v4, then ,key=value options");
        rules.match("accelerator", accelerator, ACCELERATOR, "kvm, tcg or kvm:tcg");
        if (memoryBytes < MIB || memoryBytes > MAX_MEMORY || memoryBytes % MIB != 0) {
            rules.add("memoryBytes", Long.toString(memoryBytes), "a multiple of " + MIB + ", at most " + MAX_MEMORY);
        }
        if (vcpus < 1 || vcpus > MAX_VCPUS) {
            rules.add("vcpus", Integer.toString(vcpus), "1 to " + MAX_VCPUS);
        }
        rules.match("kernel", kernel, PATH, "a path without commas");
        rules.optional("initrd", initrd);
        rules.match("mac", mac, MAC, "six hex bytes with colons, the first one even (a unicast address)");
        rules.match("uuid", uuid, UUID, "8-4-4-4-12 hex digits");
        rules.optional("serialLog", serialLog);
        if (!rules.problems.isEmpty()) {
            throw new InvalidGuestSpecException(rules.problems);
        }
    }

    private void match(String key, String value, Pattern pattern, String allowed) {
        if (value == null || !pattern.matcher(value).matches()) {
            add(key, String.valueOf(value), allowed);
        }
    }

    private void optional(String key, String value) {
        if (!value.isEmpty()) {
            match(key, value, PATH, "a path without commas, or empty");
        }
    }

    private void add(String key, String value, String allowed) {
        problems.add(new Problem(key, value, allowed));
    }
}
