package io.lockstep.host.nbd;

import io.lockstep.redirect.path.GenerationStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Keeps a generation in a file: replaced as a whole, on a thread of its own, because the disk under the file may hang.
 *
 * <p>Threading: the stack's thread; outcomes are told in {@link #doWork}.
 */
final class GenerationFile implements GenerationStore, AutoCloseable {
    private record Ended(Outcome outcome, String problem) {}

    private final Path file;
    private final Runnable wakeUp;
    private final ExecutorService writer;
    private final AtomicReference<Ended> ended = new AtomicReference<>();
    private final long highest;

    /**
     * Reads the file if there is one.
     *
     * @throws IOException if it cannot be read, or holds something else
     */
    GenerationFile(Path file, Runnable wakeUp) throws IOException {
        this.file = file.toAbsolutePath();
        this.wakeUp = wakeUp;
        highest = Files.exists(file) ? parse(Files.readString(file)) : 0;
        writer = Executors.newSingleThreadExecutor(work -> {
            Thread thread = new Thread(work, "generation");
            thread.setDaemon(true);
            return thread;
        });
    }

    private long parse(String text) throws IOException {
        try {
            long value = Long.parseLong(text.strip());
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw new IOException("state " + file + " holds '" + text.strip() + "': must be a number, 0 or more");
    }

    @Override
    public long highest() {
        return highest;
    }

    @Override
    public void persist(long generation, Outcome outcome) {
        writer.execute(() -> {
            String problem = write(generation);
            ended.set(new Ended(outcome, problem));
            wakeUp.run();
        });
    }

    private String write(long generation) {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        try {
            try (FileChannel channel = FileChannel.open(
                    next, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap((generation + "\n").getBytes(StandardCharsets.US_ASCII)));
                channel.force(true);
            }
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            try (FileChannel directory = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
                directory.force(true);
            }
            return "";
        } catch (IOException e) {
            return "cannot write " + file + ": " + e.getMessage();
        }
    }

    /** Tells an outcome. */
    int doWork() {
        Ended one = ended.getAndSet(null);
        if (one == null) {
            return 0;
        }
        one.outcome().onPersisted(one.problem());
        return 1;
    }

    @Override
    public void close() {
        writer.shutdown();
    }
}
