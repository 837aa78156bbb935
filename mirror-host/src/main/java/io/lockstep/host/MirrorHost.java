package io.lockstep.host;

import io.lockstep.host.config.GuestConfig;
import io.lockstep.host.config.HostConfig;
import io.lockstep.host.engine.HostEngine;
import io.lockstep.hypervisor.qemu.GuestSpec;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * One host of a pair, inside the process that embeds it.
 *
 * <p>Threading: any thread may call anything. Listeners are called on one thread of the host's own, in order.
 */
public final class MirrorHost implements AutoCloseable {
    private final HostConfig config;
    private final List<Consumer<HostEvent>> listeners = new CopyOnWriteArrayList<>();
    private final Map<String, ProtectedVm> vms = new ConcurrentSkipListMap<>();
    private final ExecutorService dispatcher = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "events");
        thread.setDaemon(true);
        return thread;
    });
    private final HostEngine engine;

    private MirrorHost(HostConfig config, Consumer<HostEvent> listener) throws IOException {
        this.config = config;
        listeners.add(listener);
        this.engine = new HostEngine(config, this::dispatch);
    }

    /**
     * Starts to listen and to beat, and takes up the guests that the configuration names.
     *
     * @param listener is told of everything that happens
     * @throws IOException if a directory, address or device of the configuration cannot be used; nothing is left behind
     */
    public static MirrorHost start(HostConfig config, Consumer<HostEvent> listener) throws IOException {
        MirrorHost host = new MirrorHost(config, listener);
        try {
            for (GuestConfig guest : config.guests()) {
                host.vms.put(guest.spec().name(), new ProtectedVm(host.engine.add(guest)));
            }
            return host;
        } catch (IOException | RuntimeException e) {
            host.close();
            throw e;
        }
    }

    /**
     * Starts a guest here and has the partner, which must {@link #accept} it, protect it. {@link ProtectedVm#whenProtected()} completes when
     * it is so, or fails with the partner's reasons if it refuses, in which case nothing was started. Returns at once, unless the partner
     * held the guest's last term: then it looks for as long as two detection times and half a second whether the partner still lives.
     *
     * @throws IOException if the uplink cannot be used or the arbiter cannot be asked
     * @throws IllegalStateException if this host knows the guest already, or the partner runs it
     */
    public ProtectedVm protect(GuestSpec spec) throws IOException {
        return add(new ProtectedVm(engine.start(GuestConfig.of(spec, config.host()))));
    }

    /**
     * Gets ready to protect a guest of that name when the partner asks for it.
     *
     * @throws IllegalStateException if this host knows the guest already
     */
    public ProtectedVm accept(String vm) throws IOException {
        return add(new ProtectedVm(engine.accept(vm)));
    }

    private ProtectedVm add(ProtectedVm vm) {
        vms.put(vm.name(), vm);
        return vm;
    }

    /** The guest of that name, or null. */
    public ProtectedVm vm(String name) {
        return vms.get(name);
    }

    /** Every guest this host knows, by name. */
    public Collection<ProtectedVm> vms() {
        return vms.values();
    }

    /** This host's configuration. */
    public HostConfig config() {
        return config;
    }

    /** Adds a listener. */
    public void listen(Consumer<HostEvent> listener) {
        listeners.add(listener);
    }

    /** Removes a listener. */
    public void unlisten(Consumer<HostEvent> listener) {
        listeners.remove(listener);
    }

    /** Engine threads never run a listener's code: events go through a thread of their own, in order. */
    private void dispatch(HostEvent event) {
        try {
            dispatcher.execute(() -> deliver(event));
        } catch (RejectedExecutionException e) {
            // The host is closed, nobody listens any more.
        }
    }

    private void deliver(HostEvent event) {
        ProtectedVm vm = vms.get(event.vm());
        if (vm != null) {
            vm.onEvent(event);
        }
        for (Consumer<HostEvent> listener : listeners) {
            try {
                listener.accept(event);
            } catch (RuntimeException e) {
                System.getLogger(MirrorHost.class.getName()).log(System.Logger.Level.ERROR, "a listener failed", e);
            }
        }
    }

    /**
     * Ends every guest that runs here and frees everything. To the partner this looks like the loss of this host: it takes over the guests
     * it protects. {@link ProtectedVm#unprotect} first if they shall end.
     */
    @Override
    public void close() {
        engine.close();
        vms.values().forEach(ProtectedVm::onClosed);
        dispatcher.shutdown();
    }
}
