package io.lockstep.redirect.path.iscsi;

import io.lockstep.nativeio.IscsiSession;
import io.lockstep.nativeio.IscsiSession.Direction;
import io.lockstep.redirect.block.BlockFault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.concurrent.ManyToManyConcurrentArrayQueue;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The session of one opening of a path, on a thread of its own: it waits in poll(2) on a socket that Java's selector does not know.
 *
 * <pre>
 *   connect, log in --> LogicalUnit --> Reservations.enter --> serve: issued queue -> commands -> done queue;  fence
 *                                                                |
 *   session lost, fenced, or told to end  <----------------------'   what is on its way ends with IO
 * </pre>
 *
 * <p>Threading: the package-private methods are for the stack's thread and do not block; the rest runs on the worker's thread.
 */
final class IscsiWorker implements Runnable, IscsiSession.Completion, AdminCommands {
    private enum Order {
        SERVE,
        /** End as soon as what is on its way has ended. */
        LOG_OUT,
        /** End now. */
        HANG_UP
    }

    private static final int DATA = 2048;
    private static final int IDLE_MS = 1_000;
    private static final int RETRY_MS = 2;
    private static final int ADMIN_RETRIES = 20;
    private static final long NS_PER_MS = 1_000_000;

    private final IscsiPathConfig config;
    private final long generation;
    private final Runnable wakeUp;
    private final ManyToManyConcurrentArrayQueue<IscsiOp> issued;
    private final OneToOneConcurrentArrayQueue<IscsiOp> done;
    private final OneToOneConcurrentArrayQueue<FenceJob> fences = new OneToOneConcurrentArrayQueue<>(8);
    private final AtomicBoolean wakePending = new AtomicBoolean();
    private final AtomicBoolean asleep = new AtomicBoolean();
    private final Object wakeLock = new Object();
    private volatile Order order = Order.SERVE;
    private volatile IscsiSession session;
    private volatile LogicalUnit unit;
    private volatile boolean reserved;
    private volatile String problem = "";
    private volatile boolean ended;

    private final int adminSlot;
    private final UnsafeBuffer adminCdb = new UnsafeBuffer(ByteBuffer.allocateDirect(IscsiSession.CDB_LENGTH));
    private final UnsafeBuffer adminData = new UnsafeBuffer(ByteBuffer.allocateDirect(DATA));
    private final IscsiOp[] onTheirWay;
    private final ArrayDeque<IscsiOp> again;
    private final EndedCommands endings;
    private int inFlight;
    private Transfers transfers;
    private Reservations reservations;
    private boolean adminEnded;
    private int adminStatus;
    private int adminSense;

    private IscsiWorker(IscsiPathConfig config, long generation, Runnable wakeUp) {
        this.config = config;
        this.generation = generation;
        this.wakeUp = wakeUp;
        int room = Math.max(2, config.maxIssued());
        this.issued = new ManyToManyConcurrentArrayQueue<>(room);
        this.done = new OneToOneConcurrentArrayQueue<>(room);
        this.again = new ArrayDeque<>(room);
        this.adminSlot = config.maxIssued();
        this.onTheirWay = new IscsiOp[config.maxIssued()];
        this.endings = new EndedCommands(config.maxIssued());
    }

    static IscsiWorker start(IscsiPathConfig config, long generation, Runnable wakeUp) {
        IscsiWorker worker = new IscsiWorker(config, generation, wakeUp);
        Thread thread = new Thread(worker, "iscsi-" + config.name());
        thread.setDaemon(true); // looking up a host name may hang
        thread.start();
        return worker;
    }

    /** The unit, once it may be used. */
    LogicalUnit unit() {
        return unit;
    }

    /** True if the unit knows reservations. Known with {@link #unit}. */
    boolean isReserved() {
        return reserved;
    }

    /** Why the session is over; empty while it is not. */
    String problem() {
        return problem;
    }

    /** True when everything was given back. */
    boolean hasEnded() {
        return ended;
    }

    void submit(IscsiOp op) {
        if (!issued.offer(op)) {
            throw new IllegalStateException("more than " + config.maxIssued() + " requests are issued to " + config);
        }
        rouse();
    }

    boolean fence(FenceJob job) {
        boolean taken = fences.offer(job);
        rouse();
        return taken;
    }

    private void rouse() {
        if (asleep.compareAndSet(true, false)) {
            synchronized (wakeLock) { // a session must not be woken up once it is closed
                if (session != null) {
                    session.wakeUp();
                }
            }
        }
    }

    /** One that has ended, or null. */
    IscsiOp poll() {
        IscsiOp op = done.poll();
        if (op == null && wakePending.get()) {
            wakePending.set(false); // first, so that what ends after the next look wakes the thread again
            op = done.poll();
        }
        return op;
    }

    /** One that was submitted and will never be issued now, or null. */
    IscsiOp recall() {
        return issued.poll();
    }

    void hangUp() {
        order = Order.HANG_UP;
        rouse();
    }

    void logOut() {
        order = Order.LOG_OUT;
        rouse();
    }

    @Override
    public void run() {
        IscsiSession current = null;
        try {
            current = new IscsiSession(config.initiator(), config.maxIssued() + 1);
            session = current;
            open();
            serve();
        } catch (IOException | RuntimeException e) {
            problem = e.getMessage() == null ? e.toString() : e.getMessage();
        } finally {
            synchronized (wakeLock) {
                session = null;
            }
            end(current);
        }
    }

    private void open() throws IOException {
        adminEnded = false;
        session.connect(config.portal(), config.target(), config.lun(), config.user(), config.password());
        try {
            awaitAdmin("log in");
        } catch (IOException e) {
            throw new IOException("cannot log in to " + config + ": " + e.getMessage(), e);
        }
        if (adminStatus != IscsiSession.GOOD) {
            throw new IOException("cannot log in to " + config + ": " + session.error());
        }
        LogicalUnit found = LogicalUnit.read(this);
        transfers = new Transfers(session, found, config.maxIssued());
        reservations = new Reservations(this, config, generation);
        reserved = reservations.enter();
        unit = found;
        wakeUp.run();
    }

    private void serve() throws IOException {
        long lastNs = Long.MAX_VALUE;
        while (order == Order.SERVE || (order == Order.LOG_OUT && (inFlight > 0 || !issued.isEmpty()))) {
            if (order == Order.LOG_OUT) {
                lastNs = Math.min(lastNs, System.nanoTime() + config.openTimeoutMs() * NS_PER_MS);
                if (System.nanoTime() > lastNs) {
                    throw new IOException(
                            "the target did not end its commands within " + config.openTimeoutMs() + " ms");
                }
            }
            takeAgain();
            int work = takeIssued();
            FenceJob job = fences.poll();
            if (job != null) {
                job.problem = reserved ? reservations.fence(job.below) : "the unit knows no reservations";
                wakeStack();
            }
            turn(work > 0 || job != null ? 0 : again.isEmpty() ? IDLE_MS : RETRY_MS);
        }
        if (order == Order.LOG_OUT && reserved) {
            reservations.leave();
        }
    }

    private int takeIssued() {
        int work = 0;
        for (IscsiOp op = issued.poll(); op != null; op = issued.poll()) {
            inFlight++;
            issue(op);
            work++;
        }
        return work;
    }

    /** What the target asked to send again waits for the next turn, so that a busy target is not flooded. */
    private void takeAgain() {
        int count = again.size();
        for (int i = 0; i < count; i++) {
            issue(again.poll());
        }
    }

    private void issue(IscsiOp op) {
        if (transfers.issue(op)) {
            onTheirWay[op.slot] = op;
        } else {
            finish(op);
        }
    }

    private void finish(IscsiOp op) {
        inFlight--;
        if (op.fault == BlockFault.FENCED && problem.isEmpty()) {
            problem = "fenced: a newer owner has taken the unit (generation " + generation + " is over)";
        }
        done.offer(op);
        wakeStack();
    }

    private void wakeStack() {
        if (!wakePending.getAndSet(true)) {
            wakeUp.run();
        }
    }

    /** Waits at most that long, moves bytes, and goes on with what has ended. */
    private void turn(int timeoutMs) throws IOException {
        int wait = timeoutMs;
        if (timeoutMs > 0) {
            asleep.set(true);
            if (!issued.isEmpty() || !fences.isEmpty() || order == Order.HANG_UP) {
                wait = 0;
            }
        }
        try {
            session.service(wait, this);
        } finally {
            asleep.set(false);
            goOn();
        }
    }

    @Override
    public void onEnded(int slot, int endStatus, int endSense) {
        if (slot == IscsiSession.CONNECTED || slot == adminSlot) {
            adminEnded = true;
            adminStatus = endStatus;
            adminSense = endSense;
            return;
        }
        endings.add(slot, endStatus, endSense);
    }

    private void goOn() {
        for (int i = 0; i < endings.count(); i++) {
            IscsiOp op = onTheirWay[endings.slot(i)];
            onTheirWay[op.slot] = null;
            int before = op.retries;
            if (!transfers.advance(op, endings.status(i), endings.sense(i))) {
                finish(op);
            } else if (op.retries > before) {
                again.add(op);
            } else {
                issue(op);
            }
        }
        endings.clear();
    }

    private void end(IscsiSession current) {
        if (problem.isEmpty()) {
            problem = "left";
        }
        if (current != null) {
            current.close(); // from here on nobody reads or writes the buffers
        }
        for (IscsiOp op = again.poll(); op != null; op = again.poll()) {
            op.fault = BlockFault.IO;
            done.offer(op);
        }
        for (IscsiOp op : onTheirWay) {
            if (op != null) {
                op.fault = BlockFault.IO;
                done.offer(op);
            }
        }
        for (IscsiOp op = issued.poll(); op != null; op = issued.poll()) {
            op.fault = BlockFault.NOT_ISSUED;
            done.offer(op);
        }
        for (FenceJob job = fences.poll(); job != null; job = fences.poll()) {
            job.problem = problem;
        }
        ended = true;
        wakeUp.run();
    }

    @Override
    public UnsafeBuffer cdb() {
        return adminCdb;
    }

    @Override
    public int cdbAt() {
        return 0;
    }

    @Override
    public UnsafeBuffer data() {
        return adminData;
    }

    @Override
    public BlockFault run(String what, Direction direction, int length) throws IOException {
        for (int tries = 0; ; tries++) {
            adminEnded = false;
            if (!session.submit(
                    adminSlot,
                    adminCdb.addressOffset(),
                    IscsiSession.CDB_LENGTH,
                    direction,
                    adminData.addressOffset(),
                    length)) {
                throw new IOException(what + " cannot be sent: " + session.error());
            }
            awaitAdmin(what);
            if (!Sense.asksAgain(adminStatus, adminSense) || tries == ADMIN_RETRIES) {
                return Sense.fault(adminStatus, adminSense);
            }
        }
    }

    private void awaitAdmin(String what) throws IOException {
        long deadlineNs = System.nanoTime() + config.openTimeoutMs() * NS_PER_MS;
        while (!adminEnded) {
            long leftNs = deadlineNs - System.nanoTime();
            if (leftNs <= 0) {
                throw new IOException("no answer within " + config.openTimeoutMs() + " ms: " + what);
            }
            if (order == Order.HANG_UP) {
                throw new IOException("told to end: " + what);
            }
            turn((int) Math.min(IDLE_MS, leftNs / NS_PER_MS + 1));
        }
    }

    @Override
    public void resetUnit() throws IOException {
        adminEnded = false;
        if (!session.resetUnit(adminSlot)) {
            throw new IOException("LOGICAL UNIT RESET cannot be sent: " + session.error());
        }
        awaitAdmin("LOGICAL UNIT RESET");
        if (adminStatus != IscsiSession.GOOD) {
            throw new IOException("LOGICAL UNIT RESET failed: " + lastOutcome());
        }
    }

    @Override
    public String lastOutcome() {
        return Sense.describe(adminStatus, adminSense);
    }
}
