package io.lockstep.hypervisor.qemu;

import io.lockstep.hypervisor.qemu.InvalidGuestSpecException.Problem;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What each component of a {@link GuestSpec} may be. Values end up in QEMU's comma-separated options, so commas matter. */
final class GuestSpecRules {
    static final long MIB = 1L << 20;
    static final long MAX_MEMORY = 4L << 40;
    static final int MAX_VCPUS = 255;
    static final long DISK_BLOCK = 4096;
    /** Disk blocks count as pages behind the guest's memory, and there are at most 2^31 pages. */
    static final long MAX_DISK = 4L << 40;
    /** What fits into a unix socket address. */
    static final int MAX_SOCKET = 107;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
    private static final Pattern MACHINE =
            Pattern.compile("(microvm|pc-q35-\\d+\\.\\d+|pc-i440fx-\\d+\\.\\d+)(,[A-Za-z0-9_.=-]+)*");
    private static final Pattern CPU = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.=+,-]*");
    private static final Pattern ACCELERATOR = Pattern.compile("kvm|tcg|kvm:tcg");
    private static final Pattern MAC = Pattern.compile("[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}");
    private static final Pattern UUID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    private static final Pattern PATH = Pattern.compile("[^,\\x00-\\x1f]+");

    private static final Map<String, Rule> RULES = Map.ofEntries(
            Map.entry("name", new Rule(NAME, "1-63 letters, digits, '.', '_' or '-', starting with a letter or digit")),
            Map.entry("qemu", new Rule(PATH, "a program name or path without commas")),
            Map.entry(
                    "machine",
                    new Rule(
                            MACHINE,
                            "microvm, pc-q35-X.Y or pc-i440fx-X.Y with a version (an unversioned type may differ between"
                                    + " hosts), then ,key=value options")),
            Map.entry("cpu", new Rule(CPU, "a CPU model such as max or Skylake-Server-v4, then ,key=value options")),
            Map.entry("accelerator", new Rule(ACCELERATOR, "kvm, tcg or kvm:tcg")),
            Map.entry("kernel", new Rule(PATH, "a path without commas")),
            Map.entry("initrd", new Rule(PATH, "a path without commas, or empty")),
            Map.entry("mac", new Rule(MAC, "six hex bytes with colons, the first one even (a unicast address)")),
            Map.entry("uuid", new Rule(UUID, "8-4-4-4-12 hex digits")),
            Map.entry("serialLog", new Rule(PATH, "a path without commas, or empty")),
            Map.entry(
                    "diskSocket",
                    new Rule(PATH, "a path of at most " + MAX_SOCKET + " bytes without commas, or empty")));

    private record Rule(Pattern pattern, String allowed) {}

    private final List<Problem> problems = new ArrayList<>();

    /** Checks a text component. */
    GuestSpecRules text(String key, String value) {
        Rule rule = RULES.get(key);
        if (value == null || !rule.pattern.matcher(value).matches()) {
            add(key, String.valueOf(value), rule.allowed);
        }
        return this;
    }

    /** Checks a text component that may be empty. */
    GuestSpecRules textOrEmpty(String key, String value) {
        return value.isEmpty() ? this : text(key, value);
    }

    GuestSpecRules size(long memoryBytes, int vcpus) {
        if (memoryBytes < MIB || memoryBytes > MAX_MEMORY || memoryBytes % MIB != 0) {
            add("memoryBytes", Long.toString(memoryBytes), "a multiple of " + MIB + ", at most " + MAX_MEMORY);
        }
        if (vcpus < 1 || vcpus > MAX_VCPUS) {
            add("vcpus", Integer.toString(vcpus), "1 to " + MAX_VCPUS);
        }
        return this;
    }

    GuestSpecRules disk(long bytes, String socket) {
        if (bytes < 0 || bytes > MAX_DISK || bytes % DISK_BLOCK != 0) {
            add("diskBytes", Long.toString(bytes), "a multiple of " + DISK_BLOCK + ", at most " + MAX_DISK);
        }
        if (socket.getBytes(StandardCharsets.UTF_8).length > MAX_SOCKET) {
            add("diskSocket", socket, RULES.get("diskSocket").allowed);
        }
        return textOrEmpty("diskSocket", socket);
    }

    /** Throws if a component was invalid. */
    void verify() {
        if (!problems.isEmpty()) {
            throw new InvalidGuestSpecException(problems);
        }
    }

    private void add(String key, String value, String allowed) {
        problems.add(new Problem(key, value, allowed));
    }
}
