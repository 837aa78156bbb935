package io.lockstep.transport.arbiter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;

/** The file operations of the arbiter, one method each, so that a test can make any of them fail. */
class TermFiles {
    private static final String PREFIX = "term-";
    private static final String TEMP_PREFIX = ".claim-";

    private final Path directory;
    private boolean directoryDurable;

    TermFiles(Path directory) {
        this.directory = directory;
    }

    Path path(long term) {
        return directory.resolve(PREFIX + term);
    }

    /** Makes the VM's directory, durably; whoever else may have made it may not have got as far as that. */
    void createDirectory() throws IOException {
        if (directoryDurable) {
            return;
        }
        try {
            // The parent is not made: if the shared storage is not mounted, an empty directory in its place would be no
            // arbiter.
            Files.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
        sync(directory.toAbsolutePath().getParent());
        directoryDurable = true;
    }

    /** The highest term that has a file, whatever is in it; 0 if none has. */
    long highest() throws IOException {
        long highest = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, PREFIX + "*")) {
            for (Path file : files) {
                OptionalLong term = termOf(file.getFileName().toString());
                if (term.isPresent()) {
                    highest = Math.max(highest, term.getAsLong());
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return highest;
    }

    private static OptionalLong termOf(String name) {
        try {
            return OptionalLong.of(Long.parseLong(name.substring(PREFIX.length())));
        } catch (NumberFormatException e) {
            // Somebody's editor backup or the like is no term.
            return OptionalLong.empty();
        }
    }

    TermRecord read(long term) throws IOException {
        try (FileChannel file = FileChannel.open(path(term), StandardOpenOption.READ)) {
            ByteBuffer content = ByteBuffer.allocate(TermRecord.MAX_LENGTH + 1);
            int count = 0;
            while (content.hasRemaining() && count >= 0) {
                count = file.read(content);
            }
            if (content.position() > TermRecord.MAX_LENGTH) {
                throw new IOException("longer than " + TermRecord.MAX_LENGTH + " bytes");
            }
            byte[] bytes = new byte[content.position()];
            content.flip().get(bytes);
            return TermRecord.decode(bytes);
        }
    }

    /**
     * Writes a claimant's own temporary file; durable when it returns. A file of that name is removed, never rewritten: it may be
     * the second name of a term that was won.
     */
    Path writeTemp(String owner, byte[] content) throws IOException {
        Path temp = directory.resolve(TEMP_PREFIX + owner);
        Files.deleteIfExists(temp);
        try (FileChannel file = FileChannel.open(temp, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            file.force(true);
        }
        return temp;
    }

    /** The one atomic step: fails with FileAlreadyExistsException if the term is taken. */
    void link(Path temp, long term) throws IOException {
        Files.createLink(path(term), temp);
    }

    void delete(Path temp) throws IOException {
        Files.deleteIfExists(temp);
    }

    /** Makes the names that can be seen in the directory durable. */
    void syncDirectory() throws IOException {
        sync(directory);
    }

    private static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
