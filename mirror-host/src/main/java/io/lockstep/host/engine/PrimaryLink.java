package io.lockstep.host.engine;

import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.replicate.LinkBoard;
import io.lockstep.mirror.replicate.Replicator;
import io.lockstep.mirror.ring.SendWindow;
import io.lockstep.nativeio.MappedMemory;
import io.lockstep.transport.tcp.TcpInterconnect;
import java.io.IOException;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The link thread of a primary with everything it owns: connection to the partner, send window, last sent versions. */
final class PrimaryLink implements AutoCloseable {
    private static final long MAX_IDLE_MS = 4;

    private final SendWindow window;
    private final LinkBoard board;
    private final Counters counters = new Counters();
    private final MappedMemory shadow;
    private final TcpInterconnect link;
    private final Replicator replicator;
    private final DutyThread thread;
    private final Runnable wakeEngine;

    /**
     * Allocates everything; nothing happens before {@link #start}.
     *
     * @param guestSpec what the partner needs to prepare a standby
     * @param wakeEngine called when there is something for the engine thread
     */
    PrimaryLink(VmContext context, byte[] guestSpec, long memoryBytes, Runnable wakeEngine, Consumer<Throwable> onError)
            throws IOException {
        this.wakeEngine = wakeEngine;
        // Sessions of an earlier life of this process must not have the same number.
        this.board = new LinkBoard(TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()));
        this.window = new SendWindow(context.config().policy().windowSlots());
        this.shadow = MappedMemory.anonymous(memoryBytes);
        this.link = TcpInterconnect.connector(
                context.tcp(), context.vm(), context.config().partnerAddress(), System::nanoTime, context::notice);
        this.replicator = new Replicator(
                context.vm(),
                guestSpec,
                PageRegion.ofAddress(shadow.address(), memoryBytes),
                link,
                window,
                board,
                context.config().policy(),
                counters);
        this.thread = new DutyThread("link-" + context.vm(), new LinkDuty(), onError);
    }

    /** Starts to connect; asks for protection once the board says so. */
    PrimaryLink start() {
        thread.start();
        return this;
    }

    SendWindow window() {
        return window;
    }

    LinkBoard board() {
        return board;
    }

    Counters counters() {
        return counters;
    }

    String status() {
        if (link.isUp()) {
            return "up";
        }
        return link.attemptProblem().isEmpty() ? "down: " + link.downReason() : "down: " + link.attemptProblem();
    }

    void wakeUp() {
        thread.wakeUp();
    }

    @Override
    public void close() {
        thread.close();
        link.close();
        shadow.close();
    }

    private final class LinkDuty implements DutyThread.Duty {
        @Override
        public int doWork(long nowNs) {
            int work = replicator.doWork(nowNs);
            if (work > 0) {
                wakeEngine.run();
            }
            return work;
        }

        @Override
        public void register(Selector selector) {
            link.register(selector);
        }

        @Override
        public long maxIdleMs() {
            return MAX_IDLE_MS;
        }
    }
}
