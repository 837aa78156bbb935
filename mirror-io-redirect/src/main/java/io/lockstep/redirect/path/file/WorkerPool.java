package io.lockstep.redirect.path.file;

import io.lockstep.redirect.block.BlockFault;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.agrona.concurrent.ManyToManyConcurrentArrayQueue;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;

/**
 * Daemon threads that make the calls of one opening. The first one opens the file; others are started when all are busy. Each takes the next
 * request from one queue, so that a call that hangs holds up nothing but itself, until all threads hang. After {@link #stop} each ends with
 * its call, and the last one closes the file: threads whose call never returns are left behind.
 *
 * <p>Threading: as {@link FileBackEnd}; the nested worker runs on its own thread.
 */
final class WorkerPool implements FileBackEnd {
    /** Opens the file; replaced in tests by one that hangs. */
    @FunctionalInterface
    interface Opener {
        OpenedFile open(FilePathConfig config) throws IOException;
    }

    private final FilePathConfig config;
    private final Opener opener;
    private final Runnable wakeUp;
    private final ManyToManyConcurrentArrayQueue<FileOp> queue;
    private final ManyToOneConcurrentArrayQueue<FileOp> done;
    private final Worker[] workers;
    private final AtomicInteger living = new AtomicInteger();
    private final AtomicBoolean wakePending = new AtomicBoolean();
    private final Consumer<FileOp> executor;
    private int started;
    private volatile boolean stopped;
    private volatile OpenedFile opened;
    private volatile String problem = "";

    WorkerPool(FilePathConfig config, Opener opener, Runnable wakeUp) {
        this(config, opener, wakeUp, null);
    }

    /** {@code executor} stands in for the calls, for tests; null for the real ones. */
    WorkerPool(FilePathConfig config, Opener opener, Runnable wakeUp, Consumer<FileOp> executor) {
        this.config = config;
        this.opener = opener;
        this.wakeUp = wakeUp;
        this.executor = executor;
        int room = Math.max(2, config.maxIssued());
        this.queue = new ManyToManyConcurrentArrayQueue<>(room);
        this.done = new ManyToOneConcurrentArrayQueue<>(room);
        this.workers = new Worker[config.workers()];
        startWorker();
    }

    private void startWorker() {
        living.incrementAndGet();
        Worker worker = new Worker(config.name() + "-" + started, started == 0);
        workers[started++] = worker;
        worker.start();
    }

    @Override
    public OpenedFile opened() {
        return opened;
    }

    @Override
    public String problem() {
        return problem;
    }

    @Override
    public void submit(FileOp op) {
        if (!queue.offer(op)) {
            throw new IllegalStateException(
                    "more than " + config.maxIssued() + " requests are issued to " + config.file());
        }
        for (int i = 0; i < started; i++) {
            if (workers[i].wakeIfIdle()) {
                return;
            }
        }
        if (started < workers.length) {
            startWorker();
        }
    }

    @Override
    public FileOp poll() {
        FileOp op = done.poll();
        if (op == null && wakePending.get()) {
            wakePending.set(false); // first, so that what ends after the next look wakes the thread again
            op = done.poll();
        }
        return op;
    }

    @Override
    public FileOp recall() {
        return queue.poll();
    }

    @Override
    public void stop() {
        stopped = true;
        for (int i = 0; i < started; i++) {
            workers[i].wakeIfIdle();
        }
    }

    @Override
    public boolean ended() {
        return living.get() == 0;
    }

    private void wakeStack() {
        if (!wakePending.getAndSet(true)) {
            wakeUp.run();
        }
    }

    private final class Worker implements Runnable {
        private final Thread thread;
        private final boolean first;
        private final AtomicBoolean idle = new AtomicBoolean();

        Worker(String name, boolean first) {
            this.thread = new Thread(this, name);
            this.first = first;
            thread.setDaemon(true); // a call that hangs must not hold up the end of the process
        }

        void start() {
            thread.start();
        }

        boolean wakeIfIdle() {
            if (idle.get() && idle.compareAndSet(true, false)) {
                LockSupport.unpark(thread);
                return true;
            }
            return false;
        }

        @Override
        public void run() {
            try {
                if (!first || open()) {
                    serve();
                }
            } finally {
                OpenedFile file = opened;
                if (living.decrementAndGet() == 0 && file != null) {
                    // Others may still ask whether all has ended; nobody calls the file any more.
                    living.incrementAndGet();
                    file.file().close();
                    living.decrementAndGet();
                }
                wakeUp.run();
            }
        }

        private boolean open() {
            try {
                opened = opener.open(config);
                wakeUp.run();
                return true;
            } catch (IOException | RuntimeException e) {
                problem = e.getMessage() == null ? e.toString() : e.getMessage();
                return false;
            }
        }

        private void serve() {
            FileCalls calls = executor == null ? new FileCalls(opened) : null;
            while (true) {
                FileOp op = queue.poll();
                if (op != null) {
                    execute(calls, op);
                    done.offer(op);
                    wakeStack();
                } else if (stopped) {
                    return;
                } else {
                    awaitWork();
                }
            }
        }

        private void execute(FileCalls calls, FileOp op) {
            try {
                if (calls != null) {
                    calls.execute(op);
                } else {
                    executor.accept(op);
                }
            } catch (RuntimeException | OutOfMemoryError e) {
                op.fault = BlockFault.IO; // the request must end, and this thread must go on
            }
        }

        private void awaitWork() {
            idle.set(true);
            if (!queue.isEmpty() || stopped) {
                idle.set(false);
                return;
            }
            while (idle.get()) {
                LockSupport.park(this);
            }
        }
    }
}
