package io.lockstep.host.rig;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How a pair is set up. Start from {@link #standard} and change it with the {@code with} methods.
 *
 * @param directory a private directory in memory, for run directories, logs and configurations
 * @param guestDir where {@code vmlinuz} and {@code initrd} are (see {@code dev/guest})
 * @param netns each host in a network namespace of its own
 * @param proxied the interconnect runs through a {@link ByteProxy} for each direction of connecting
 * @param guestMemory size of the guest, as in the configuration, for example {@code 256m}
 * @param guestLoad the guest's {@code mirror.load}, empty for none
 * @param policy keys of {@code policy:} that differ from the defaults
 * @param memoryLimit {@code memory-limit} of the hosts that have one
 * @param runDirSize size of a file system of their own for the run directories of the hosts that need one
 * @param arbiterSize size of a file system of its own for the arbiter directory, empty for none
 * @param disk the guest's disk, null for none
 */
public record PairConfig(
        Path directory,
        Path guestDir,
        boolean netns,
        boolean proxied,
        String guestMemory,
        String guestLoad,
        Map<String, String> policy,
        Map<Side, String> memoryLimit,
        Map<Side, String> runDirSize,
        String arbiterSize,
        RigDisk disk) {
    /** Name of the guest. */
    public static final String VM = "redis";

    /** Copies the maps. */
    public PairConfig {
        policy = Map.copyOf(policy);
        memoryLimit = Map.copyOf(memoryLimit);
        runDirSize = Map.copyOf(runDirSize);
    }

    /** A guest of 256 MiB without a disk and without a load of its own, default policy. */
    public static PairConfig standard(Path directory, Path guestDir) {
        return new PairConfig(directory, guestDir, false, false, "256m", "", Map.of(), Map.of(), Map.of(), "", null);
    }

    /** In another directory. */
    public PairConfig withDirectory(Path other) {
        return with(edit -> edit.directory = other);
    }

    /** In two network namespaces. */
    public PairConfig withNetns(boolean split) {
        return with(edit -> edit.netns = split);
    }

    /** With proxies between the hosts. */
    public PairConfig withProxies() {
        return with(edit -> edit.proxied = true);
    }

    /** With another size of the guest. */
    public PairConfig withGuestMemory(String memory) {
        return with(edit -> edit.guestMemory = memory);
    }

    /** With a load in the guest, for example {@code mem:2000:4000}. */
    public PairConfig withGuestLoad(String load) {
        return with(edit -> edit.guestLoad = load);
    }

    /** With a key of the policy set. */
    public PairConfig withPolicy(String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(policy);
        more.put(key, value);
        return with(edit -> edit.policy = more);
    }

    /** With a limit for what one host reserves for its partner. */
    public PairConfig withMemoryLimit(Side side, String limit) {
        Map<Side, String> more = new HashMap<>(memoryLimit);
        more.put(side, limit);
        return with(edit -> edit.memoryLimit = more);
    }

    /** With a file system of the given size for one host's run directory. */
    public PairConfig withRunDirSize(Side side, String size) {
        Map<Side, String> more = new HashMap<>(runDirSize);
        more.put(side, size);
        return with(edit -> edit.runDirSize = more);
    }

    /** With a file system of the given size for the arbiter directory. */
    public PairConfig withArbiterSize(String size) {
        return with(edit -> edit.arbiterSize = size);
    }

    /** With a disk for the guest. */
    public PairConfig withDisk(RigDisk plan) {
        return with(edit -> edit.disk = plan);
    }

    private PairConfig with(Consumer<Edit> change) {
        Edit edit = new Edit(this);
        change.accept(edit);
        return edit.toConfig();
    }

    Path runDir(Side side) {
        return directory.resolve("run-" + side.hostName());
    }

    Path arbiterDir() {
        return directory.resolve("arbiter");
    }

    /** Where a host keeps its copy of the disk and what must survive its restarts. */
    Path diskDir(Side side) {
        return directory.resolve("disk-" + side.hostName());
    }

    /** The components that a copy may change. */
    private static final class Edit {
        private final Path guestDir;
        private Path directory;
        private boolean netns;
        private boolean proxied;
        private String guestMemory;
        private String guestLoad;
        private Map<String, String> policy;
        private Map<Side, String> memoryLimit;
        private Map<Side, String> runDirSize;
        private String arbiterSize;
        private RigDisk disk;

        Edit(PairConfig original) {
            guestDir = original.guestDir;
            directory = original.directory;
            netns = original.netns;
            proxied = original.proxied;
            guestMemory = original.guestMemory;
            guestLoad = original.guestLoad;
            policy = original.policy;
            memoryLimit = original.memoryLimit;
            runDirSize = original.runDirSize;
            arbiterSize = original.arbiterSize;
            disk = original.disk;
        }

        PairConfig toConfig() {
            return new PairConfig(
                    directory,
                    guestDir,
                    netns,
                    proxied,
                    guestMemory,
                    guestLoad,
                    policy,
                    memoryLimit,
                    runDirSize,
                    arbiterSize,
                    disk);
        }
    }
}
