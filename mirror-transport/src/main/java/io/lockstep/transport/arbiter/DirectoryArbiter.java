package io.lockstep.transport.arbiter;

import io.lockstep.mirror.spi.Arbiter;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Pattern;

/**
 * Terms of one VM as files in a shared directory. Term N is won by whoever makes the name {@code <vm>/term-N} with link(2), which
 * POSIX and NFS let succeed once; the file is never changed or removed afterwards.
 *
 * <p>A claim of term N = expected + 1, step by step, and what a crash or an error behind each step leaves:
 *
 * <ol>
 *   <li>List the terms. Higher than expected: lost (or won, if N is mine, see below). Lower than one seen before: the directory
 *       was replaced or rolled back; unavailable, because a term here would not exclude the holder of the lost one.
 *   <li>Write my own temporary file, fsync. <i>Crash: a small file that means nothing and stays.</i>
 *   <li>link(temp, term-N). The name appears with its whole, durable content, or not at all. It exists already: read it; lost.
 *       <i>Crash or error behind it: the name may be there or may vanish with the storage's caches. Nobody was told "won". If it is
 *       there, it excludes everybody but me; others see a term whose holder does not run and claim N + 1.</i>
 *   <li>fsync the directory. Now nothing takes the name away. <i>Error: unavailable. Claiming again finds my own name, does this step
 *       again and wins; if the name vanished, all of it is done again and somebody else may have been faster.</i>
 *   <li>Report won.
 * </ol>
 *
 * <p>"Mine" is decided by the file's content: same host and same incarnation. So a claim repeated after an error, and an NFS
 * reply that got lost (the link was made, the repeated request says "exists"), end as won, while a restarted process, which has
 * another incarnation and no memory of what it may have run, does not inherit the term. A term that is seen is made durable by the
 * one who sees it before he acts on it. A file whose content cannot be read counts as taken, by an unknown holder.
 *
 * <p>Threading: one thread calls; file operations run on the executor, which should be a single thread. No method blocks. If the
 * storage stalls, the outcome stays {@link Outcome#PENDING}: the caller has the deadline.
 */
public final class DirectoryArbiter implements Arbiter {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,99}");

    /**
     * Who won a term.
     *
     * @param term the term
     * @param host name of the host
     * @param incarnation life of the process that won it
     */
    public record Holder(long term, String host, String incarnation) {}

    private record Result(Outcome outcome, String detail) {}

    private final TermFiles files;
    private final String vm;
    private final String host;
    private final String incarnation;
    private final Executor executor;
    private volatile Result result = new Result(Outcome.NONE, "");
    private volatile long highest;

    /**
     * Makes the arbiter and looks for the highest term in the background.
     *
     * @param terms existing directory on storage that both hosts see
     * @param vm name of the VM; a file name of letters, digits, dots, dashes
     * @param host name of this host, the same form
     * @param incarnation random name of this life of this process, the same form; two processes with the same one would both win
     * @param executor runs the file operations
     */
    public DirectoryArbiter(Path terms, String vm, String host, String incarnation, Executor executor) {
        this(new TermFiles(terms.resolve(requireName("vm", vm))), vm, host, incarnation, executor);
    }

    DirectoryArbiter(TermFiles files, String vm, String host, String incarnation, Executor executor) {
        this.files = files;
        this.vm = requireName("vm", vm);
        this.host = requireName("host", host);
        this.incarnation = requireName("incarnation", incarnation);
        this.executor = executor;
        refresh();
    }

    static String requireName(String what, String name) {
        if (name == null || !NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    what + " name '" + name + "' is not a file name of 1 to 100 letters, digits, dots, dashes");
        }
        return name;
    }

    /** Looks for the highest term in the background; {@link #highestTerm} has it when that is done. Harmless at any time. */
    public void refresh() {
        try {
            executor.execute(() -> {
                try {
                    look();
                } catch (IOException e) {
                    // A claim will say it; a look alone decides nothing.
                }
            });
        } catch (RejectedExecutionException e) {
            // As above: the claim will be rejected too.
        }
    }

    @Override
    public void claim(long expectedTerm, String why) {
        if (result.outcome() == Outcome.PENDING) {
            throw new IllegalStateException("a claim of vm " + vm + " is pending");
        }
        if (expectedTerm < 0 || expectedTerm == Long.MAX_VALUE) {
            throw new IllegalArgumentException("expected term " + expectedTerm + ", must be 0 to 2^63 - 2");
        }
        result = new Result(Outcome.PENDING, "");
        try {
            executor.execute(() -> result = attempt(expectedTerm, why));
        } catch (RejectedExecutionException e) {
            result = new Result(Outcome.UNAVAILABLE, "the arbiter's executor has stopped");
        }
    }

    /**
     * Who won the highest term, or null if none was ever won. Reads the directory: blocks as long as the storage does.
     *
     * @throws IOException if the directory or the term's file cannot be read
     */
    public Holder holder() throws IOException {
        files.createDirectory();
        long seen = look();
        if (seen == 0) {
            return null;
        }
        TermRecord record = files.read(seen);
        return new Holder(seen, record.host(), record.incarnation());
    }

    @Override
    public Outcome outcome() {
        return result.outcome();
    }

    @Override
    public long highestTerm() {
        return highest;
    }

    @Override
    public String detail() {
        return result.detail();
    }

    private synchronized Result attempt(long expectedTerm, String why) {
        try {
            files.createDirectory();
            long seen = look();
            if (seen > expectedTerm) {
                return taken(seen, expectedTerm + 1);
            }
            if (seen < expectedTerm) {
                return new Result(
                        Outcome.UNAVAILABLE,
                        "term " + expectedTerm + " is expected, but the highest in the directory is " + seen);
            }
            return make(expectedTerm + 1, why);
        } catch (IOException | RuntimeException e) {
            return new Result(Outcome.UNAVAILABLE, e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }

    private Result make(long term, String why) throws IOException {
        TermRecord mine =
                new TermRecord(term, vm, host, incarnation, why, Instant.now().toString());
        Path temp = files.writeTemp(host + "-" + incarnation, mine.encode());
        try {
            files.link(temp, term);
        } catch (FileAlreadyExistsException e) {
            return taken(look(), term);
        } finally {
            deleteQuietly(temp);
        }
        files.syncDirectory();
        highest = Math.max(highest, term);
        return new Result(Outcome.WON, "");
    }

    private Result taken(long seen, long wanted) {
        if (seen > wanted) {
            return new Result(Outcome.LOST, "term " + wanted + " is past: " + holder(seen));
        }
        try {
            TermRecord holder = files.read(wanted);
            if (holder.term() == wanted && holder.vm().equals(vm) && holder.sameHolder(host, incarnation)) {
                return new Result(Outcome.WON, "");
            }
        } catch (IOException e) {
            // Said by holder() below; whoever it was, it is not provably this host.
        }
        return new Result(Outcome.LOST, holder(wanted));
    }

    private String holder(long term) {
        try {
            TermRecord holder = files.read(term);
            if (holder.term() != term || !holder.vm().equals(vm)) {
                return "term " + term + " is taken by a file of term " + holder.term() + " of vm " + holder.vm();
            }
            return "term " + term + " is held by host " + holder.host() + " since " + holder.wall() + ": "
                    + holder.why();
        } catch (IOException e) {
            return "term " + term + " is taken, by whom is unreadable: " + files.path(term) + " is " + e.getMessage();
        }
    }

    /** The highest term, durable before anybody acts on it. */
    private synchronized long look() throws IOException {
        long before = highest;
        long seen = files.highest();
        if (seen > before) {
            files.syncDirectory();
            highest = seen;
        }
        if (seen < before) {
            throw new IOException("term " + before + " was there and is gone, the highest is " + seen
                    + " now: the directory was replaced or rolled back");
        }
        return seen;
    }

    private void deleteQuietly(Path temp) {
        try {
            files.delete(temp);
        } catch (IOException e) {
            // The next claim removes it.
        }
    }
}
