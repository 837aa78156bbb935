package io.lockstep.hypervisor.qemu;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The directory of one QEMU process, on tmpfs, and the names in it:
 *
 * <pre>
 *   ram       guest RAM, as large as the guest
 *   state     the device state of the last checkpoint
 *   qmp nic   sockets this process listens at until QEMU has connected
 *   stream    socket of a migration stream, in or out
 *   lock      locked while the directory is in use
 * </pre>
 */
final class QemuFiles implements AutoCloseable {
    /** What fits into a unix socket address, less the longest name above. */
    static final int MAX_DIRECTORY_LENGTH = 107 - "/stream".length();

    private static final String LOCK = "lock";
    /** Directories of this process: asked first, as closing a second channel on a lock file would drop the lock. */
    private static final Set<Path> IN_USE = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final boolean ours;

    private final FileChannel lock;

    private QemuFiles(Path directory, boolean ours, FileChannel lock) {
        this.directory = directory;
        this.ours = ours;
        this.lock = lock;
    }

    static QemuFiles in(Path directory) throws IOException {
        Path absolute = directory.toAbsolutePath().normalize();
        int length = absolute.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
        if (length > MAX_DIRECTORY_LENGTH || absolute.toString().contains(",")) {
            throw new IOException("run directory '" + absolute + "' is " + length
                    + " bytes long; allowed: at most " + MAX_DIRECTORY_LENGTH
                    + " (unix socket addresses are short) and no commas");
        }
        if (!IN_USE.add(absolute)) {
            throw new IOException("run directory '" + absolute + "' is in use by another guest of this process");
        }
        try {
            boolean ours = !Files.isDirectory(absolute) || Files.exists(absolute.resolve(LOCK));
            Files.createDirectories(absolute);
            QemuFiles files = new QemuFiles(absolute, ours, lock(absolute));
            // QEMU dies with the process that started it, so what lies here unlocked belongs to nobody.
            files.deleteAll();
            return files;
        } catch (IOException | RuntimeException e) {
            IN_USE.remove(absolute);
            throw e;
        }
    }

    private static FileChannel lock(Path directory) throws IOException {
        FileChannel channel =
                FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (channel.tryLock() == null) {
            channel.close();
            throw new IOException("run directory '" + directory + "' is in use by another process");
        }
        return channel;
    }

    Path ram() {
        return directory.resolve("ram");
    }

    Path state() {
        return directory.resolve("state");
    }

    Path qmp() {
        return directory.resolve("qmp");
    }

    Path nic() {
        return directory.resolve("nic");
    }

    Path stream() {
        return directory.resolve("stream");
    }

    private void deleteAll() {
        for (Path file : List.of(ram(), state(), qmp(), nic(), stream())) {
            Quiet.delete(file);
        }
    }

    /** Removes every file, and the directory unless somebody else made it. Idempotent. */
    @Override
    public void close() {
        if (lock.isOpen()) {
            deleteAll();
            Quiet.delete(directory.resolve(LOCK));
            Quiet.close(lock);
            IN_USE.remove(directory);
            if (ours) {
                Quiet.delete(directory);
            }
        }
    }
}
