package io.lockstep.redirect.regions;

import io.lockstep.redirect.regions.RegionLogException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A region log in a file system. Locked while it is open, so that two processes cannot both believe it is theirs. */
final class DiskLogFile implements LogFile {
    private final Path path;
    private FileChannel channel;

    private DiskLogFile(Path path) {
        this.path = path.toAbsolutePath();
    }

    static DiskLogFile open(Path path) throws IOException {
        DiskLogFile file = new DiskLogFile(path);
        if (Files.exists(file.path)) {
            file.openExisting();
        }
        return file;
    }

    private void openExisting() throws IOException {
        FileChannel opened = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (opened.tryLock() == null) {
                throw inUse(null);
            }
        } catch (OverlappingFileLockException e) {
            opened.close();
            throw inUse(e);
        } catch (IOException e) {
            opened.close();
            throw e;
        }
        channel = opened;
    }

    private RegionLogException inUse(Throwable cause) {
        return new RegionLogException(Kind.IN_USE, "the region log " + path + " is open elsewhere", cause);
    }

    @Override
    public long size() throws IOException {
        return channel == null ? 0 : channel.size();
    }

    @Override
    public void read(ByteBuffer into, long offset) throws IOException {
        long at = offset;
        while (into.hasRemaining()) {
            int count = channel.read(into, at);
            if (count < 0) {
                throw new EOFException("the region log " + path + " ends at " + at);
            }
            at += count;
        }
    }

    /** By a second name, so that a half-written log is never found; every block is written, so that later writes need no room. */
    @Override
    public void create(ByteBuffer content) throws IOException {
        Path temporary = path.resolveSibling(path.getFileName() + ".new");
        try (FileChannel fresh = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            while (content.hasRemaining()) {
                fresh.write(content);
            }
            fresh.force(true);
        } catch (IOException e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
        Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel directory = FileChannel.open(path.getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
        if (channel != null) {
            channel.close();
        }
        openExisting();
    }

    @Override
    public void write(ByteBuffer from, long offset) throws IOException {
        long at = offset;
        while (from.hasRemaining()) {
            at += channel.write(from, at);
        }
    }

    @Override
    public void sync() throws IOException {
        channel.force(false);
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
