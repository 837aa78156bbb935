package io.lockstep.host;

import io.lockstep.host.engine.VmEngine;
import io.lockstep.mirror.failover.MirrorState;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/**
 * One guest as this host sees it.
 *
 * <p>Threading: any thread. Nothing blocks.
 */
public final class ProtectedVm {
    private record Waiter(Predicate<VmStatus> wanted, Predicate<VmStatus> missed, CompletableFuture<VmStatus> future) {}

    private final VmEngine engine;
    private final List<Waiter> waiters = new CopyOnWriteArrayList<>();

    ProtectedVm(VmEngine engine) {
        this.engine = engine;
    }

    /** Name of the guest. */
    public String name() {
        return engine.vm();
    }

    /** How it stands now. */
    public CompletableFuture<VmStatus> status() {
        return engine.status();
    }

    /** Completes when every output waits for the partner; fails with the reason if that cannot happen any more. */
    public CompletableFuture<VmStatus> whenProtected() {
        return when(status -> status.role() == VmStatus.Role.PRIMARY && status.state() == MirrorState.PROTECTED);
    }

    /** A planned move to the partner; completes when the guest has left this host, fails if it went on here after all. */
    public CompletableFuture<VmStatus> switchover() {
        return command(
                VmEngine.Command.SWITCHOVER,
                status -> status.role() == VmStatus.Role.SECONDARY,
                status -> status.state().isLiveAlone());
    }

    /** On the secondary: takes over without waiting for silence; completes when the guest runs here, fails if the term was lost. */
    public CompletableFuture<VmStatus> failover() {
        return command(
                VmEngine.Command.FAILOVER,
                status -> status.role() == VmStatus.Role.PRIMARY,
                status -> status.role() == VmStatus.Role.SECONDARY
                        && status.state() != MirrorState.CLAIMING
                        && status.state() != MirrorState.ACTIVATING
                        && status.state() != MirrorState.LIVE);
    }

    /** Ends the protection; completes when the guest runs here alone. */
    public CompletableFuture<VmStatus> unprotect() {
        return command(VmEngine.Command.UNPROTECT, status -> status.state() == MirrorState.SIMPLEX, status -> false);
    }

    /** Seeks protection again; completes when the guest is protected. */
    public CompletableFuture<VmStatus> protect() {
        return command(VmEngine.Command.PROTECT, status -> status.state() == MirrorState.PROTECTED, status -> false);
    }

    private CompletableFuture<VmStatus> command(
            VmEngine.Command command, Predicate<VmStatus> done, Predicate<VmStatus> missed) {
        return engine.command(command).thenCompose(nothing -> when(done, missed));
    }

    /** Completes when the status is as wanted; fails if the guest FAILED or was powered off instead. */
    public CompletableFuture<VmStatus> when(Predicate<VmStatus> wanted) {
        return when(wanted, status -> false);
    }

    private CompletableFuture<VmStatus> when(Predicate<VmStatus> wanted, Predicate<VmStatus> missed) {
        Waiter waiter = new Waiter(wanted, missed, new CompletableFuture<>());
        waiters.add(waiter);
        check();
        return waiter.future();
    }

    void onEvent(HostEvent event) {
        if (event instanceof HostEvent.StateChanged && !waiters.isEmpty()) {
            check();
        }
    }

    /** The host ends: whoever still waits is told, because nothing more will happen. */
    void onClosed() {
        check();
    }

    private void check() {
        var unused = engine.status().handle((status, error) -> {
            waiters.removeIf(waiter -> settle(waiter, status, error));
            return null;
        });
    }

    private boolean settle(Waiter waiter, VmStatus status, Throwable error) {
        if (error != null) {
            return waiter.future().completeExceptionally(error);
        }
        if (waiter.wanted().test(status)) {
            return waiter.future().complete(status);
        }
        if (status.state() == MirrorState.FAILED
                || status.state() == MirrorState.POWERED_OFF
                || waiter.missed().test(status)) {
            return waiter.future()
                    .completeExceptionally(new IllegalStateException(
                            "guest " + name() + " is " + status.state() + ": " + status.reason()));
        }
        return waiter.future().isDone();
    }
}
