package io.lockstep.host.rig;

/**
 * The disk of the rig's guest. Its first part holds an ext4 file system, on which Redis keeps its append-only file; on the rest the guest's
 * diskload writes and verifies.
 *
 * @param fileSystemMib size of the file system
 * @param loadMib size of what diskload has
 * @param operationsPerSecond what diskload aims for
 * @param injected true if a foreign disk server that can fail on command is between each host and its copy
 */
public record RigDisk(int fileSystemMib, int loadMib, int operationsPerSecond, boolean injected) {
    /** 96 MiB for Redis, 32 MiB for 200 operations a second, with the server in between. */
    public static RigDisk standard() {
        return new RigDisk(96, 32, 200, true);
    }

    int mib() {
        return fileSystemMib + loadMib;
    }

    /** The kernel's words for it. */
    String guestWords() {
        return "mirror.redis=disk mirror.diskload=" + fileSystemMib + ":" + operationsPerSecond;
    }
}
