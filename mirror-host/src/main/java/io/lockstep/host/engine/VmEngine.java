package io.lockstep.host.engine;

import io.lockstep.host.HostEvent;
import io.lockstep.host.VmStatus;
import io.lockstep.host.config.GuestConfig;
import io.lockstep.mirror.failover.MirrorState;
import java.nio.channels.Selector;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One guest on this host: an engine thread and the role it plays, one after the other.
 *
 * <p>Threading: public methods from any thread; everything else happens on the engine thread.
 */
public final class VmEngine implements DutyThread.Duty, AutoCloseable {
    private static final long MAX_IDLE_MS = 2;

    private final VmContext context;
    private final DutyThread thread;
    private Role role;
    private volatile boolean closed;

    private VmEngine(VmContext context) {
        this.context = context;
        this.thread = new DutyThread("mirror-" + context.vm(), this, this::fail);
    }

    /** Starts the guest here, in the order that keeps the promise. */
    static VmEngine starting(VmContext context, GuestConfig guest) {
        VmEngine engine = new VmEngine(context);
        engine.thread.execute(() -> engine.role = new StartingRole(context, engine, guest, System.nanoTime()));
        engine.thread.start();
        return engine;
    }

    /** Waits for the partner's request to protect the guest. */
    static VmEngine waiting(VmContext context) {
        VmEngine engine = new VmEngine(context);
        engine.thread.execute(() -> engine.role = new SecondaryRole(context, engine, System.nanoTime()));
        engine.thread.start();
        return engine;
    }

    static String consoleLog(VmContext context) {
        return context.config().runDir().resolve(context.vm() + ".console.log").toString();
    }

    /** Name of the guest. */
    public String vm() {
        return context.vm();
    }

    @Override
    public int doWork(long nowNs) {
        int work = role.doWork(nowNs);
        Role next = role.next(nowNs);
        if (next != role) {
            role = next;
            work++;
        }
        return work;
    }

    @Override
    public void register(Selector selector) {
        role.register(selector);
    }

    @Override
    public long maxIdleMs() {
        return MAX_IDLE_MS;
    }

    /** Runs something with the role on the engine thread. */
    private <T> CompletableFuture<T> ask(Function<Role, T> question) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        if (closed) {
            answer.completeExceptionally(new RejectedExecutionException("guest " + vm() + " is closed"));
            return answer;
        }
        thread.execute(() -> {
            try {
                answer.complete(question.apply(role));
            } catch (RuntimeException e) {
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }

    /** How it stands. */
    public CompletableFuture<VmStatus> status() {
        return ask(Role::status);
    }

    /** Asks the role to act; the answer only says that it will. */
    public CompletableFuture<Void> command(Command command) {
        return ask(current -> {
            command.accept(current);
            return null;
        });
    }

    /** What can be asked of a guest's host. */
    public enum Command implements Consumer<Role> {
        /** A planned move to the partner. */
        SWITCHOVER,
        /** A takeover without waiting for silence. */
        FAILOVER,
        /** The end of the protection. */
        UNPROTECT,
        /** The start of the protection again. */
        PROTECT;

        @Override
        public void accept(Role role) {
            switch (this) {
                case SWITCHOVER -> role.switchover();
                case FAILOVER -> role.failover();
                case UNPROTECT -> role.unprotect();
                case PROTECT -> role.protect();
            }
        }
    }

    void wakeUp() {
        thread.wakeUp();
    }

    /** An error in the engine itself: nobody knows what state it left, so nothing of it goes on (stopping beats diverging). */
    void fail(Throwable error) {
        String why = "internal error: " + error;
        System.getLogger(VmEngine.class.getName()).log(System.Logger.Level.ERROR, "guest " + vm() + ": " + why, error);
        context.events()
                .accept(new HostEvent.StateChanged(
                        vm(),
                        VmStatus.Role.STARTING,
                        MirrorState.FAILED,
                        MirrorState.FAILED,
                        why,
                        System.currentTimeMillis()));
        if (thread.isCurrent()) {
            abandon(why);
        } else {
            thread.execute(() -> abandon(why));
        }
    }

    private void abandon(String why) {
        Role failed = role;
        role = new FailedRole(context, MirrorState.FAILED, why);
        if (failed != null) {
            failed.close();
        }
    }

    /** Ends the guest on this host and the thread. */
    @Override
    public void close() {
        closed = true;
        thread.close();
        if (role != null) {
            role.close();
        }
    }
}
