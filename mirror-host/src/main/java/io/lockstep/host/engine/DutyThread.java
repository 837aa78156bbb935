package io.lockstep.host.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Selector;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.IdleStrategy;

/**
 * Runs a {@link Duty} on a thread of its own. When the duty has nothing to do the thread blocks in a selector on the duty's channels, so
 * an idle mirror costs nothing and a busy one wakes up as fast as the kernel allows. Commands from other threads run between two calls of
 * the duty.
 */
public final class DutyThread implements Executor, AutoCloseable {
    /** What a thread does, call by call. */
    public interface Duty {
        /** Does what can be done now. Returns 0 if there was nothing to do. */
        int doWork(long nowNs);

        /** Registers the channels that the thread should wait for. */
        void register(Selector selector);

        /** The longest time to wait for them, in milliseconds. */
        long maxIdleMs();
    }

    private final Duty duty;
    private final Selector selector;
    private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private final AgentRunner runner;

    /**
     * A thread that is started by {@link #start}.
     *
     * @param onError takes what the duty throws, and must see to it that it does not throw again and again
     */
    public DutyThread(String name, Duty duty, Consumer<Throwable> onError) {
        this.duty = duty;
        try {
            this.selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot open a selector", e);
        }
        this.runner = new AgentRunner(new SelectorIdle(), onError::accept, null, new DutyAgent(name));
    }

    /** Starts the thread. */
    public void start() {
        AgentRunner.startOnThread(runner, runnable -> {
            Thread thread = new Thread(runnable);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Runs a command between two calls of the duty. */
    @Override
    public void execute(Runnable command) {
        commands.add(command);
        selector.wakeup();
    }

    /** Makes the thread look for work now. From any thread. */
    public void wakeUp() {
        selector.wakeup();
    }

    /** True on this thread itself. */
    public boolean isCurrent() {
        return Thread.currentThread() == runner.thread();
    }

    /** Stops the thread and waits for its end. Not from the thread itself. */
    @Override
    public void close() {
        selector.wakeup();
        runner.close(1_000, thread -> selector.wakeup());
        try {
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close a selector", e);
        }
    }

    private final class DutyAgent implements Agent {
        private final String name;

        DutyAgent(String name) {
            this.name = name;
        }

        @Override
        public int doWork() {
            int work = 0;
            for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
                command.run();
                work++;
            }
            return work + duty.doWork(System.nanoTime());
        }

        @Override
        public String roleName() {
            return name;
        }
    }

    /** Blocks in the selector; the duty polls its channels itself, so which of them are ready does not matter. */
    private final class SelectorIdle implements IdleStrategy {
        @Override
        public void idle(int workCount) {
            if (workCount == 0) {
                idle();
            }
        }

        @Override
        public void idle() {
            try {
                duty.register(selector);
                selector.select(duty.maxIdleMs());
                selector.selectedKeys().clear();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot wait for channels", e);
            }
        }

        @Override
        public void reset() {}
    }
}
