package io.lockstep.host.rig;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.lockstep.mirror.counters.Counter;
import java.util.Locale;
import java.util.Set;

/** What a host last said about itself and the rig's guest. Every question has an answer, also when the host said nothing. */
public final class HostStatus {
    /** Of a host that does not answer. */
    public static final HostStatus NONE = new HostStatus(MissingNode.getInstance(), 0);

    private static final int MAX_REASON = 200;
    private static final Set<String> RUNNING = Set.of("SIMPLEX", "SYNCING", "ARMING", "PROTECTED", "HANDING_OVER");

    private final JsonNode status;
    private final JsonNode vm;
    private final long takenNs;

    HostStatus(JsonNode status, long takenNs) {
        this.status = status;
        this.takenNs = takenNs;
        JsonNode found = MissingNode.getInstance();
        for (JsonNode candidate : status.path("vms")) {
            if (candidate.path("vm").asText().equals(PairConfig.VM)) {
                found = candidate;
            }
        }
        this.vm = found;
    }

    /** True if the host answered. */
    public boolean isPresent() {
        return !status.isMissingNode();
    }

    /** {@code PRIMARY}, {@code SECONDARY}, {@code STARTING}, or empty. */
    public String role() {
        return vm.path("role").asText("");
    }

    /** The mirror's state, or empty. */
    public String state() {
        return vm.path("state").asText("");
    }

    /** Why. */
    public String reason() {
        return vm.path("reason").asText("");
    }

    /** True if the guest runs here. */
    public boolean isRunningGuest() {
        return role().equals("PRIMARY") && RUNNING.contains(state());
    }

    /** True if the guest runs here and survives the loss of this host. */
    public boolean isProtected() {
        return role().equals("PRIMARY") && state().equals("PROTECTED");
    }

    /** The term. */
    public long term() {
        return vm.path("term").asLong();
    }

    /** The last epoch. */
    public long epoch() {
        return vm.path("epoch").asLong();
    }

    /** Process id of the guest or its standby, 0 if there is none. */
    public long qemuPid() {
        return vm.path("qemuPid").asLong();
    }

    /** A counter. */
    public long counter(Counter counter) {
        return vm.path("counters").path(counter.name()).asLong();
    }

    /** A number about the pauses, such as {@code p50Us}. */
    public long pause(String key) {
        return vm.path("pause").path(key).asLong();
    }

    /** The last failover receipt of this host, a missing node if there is none. */
    public JsonNode receipt() {
        JsonNode receipt = vm.path("receipt");
        return receipt.isNull() ? MissingNode.getInstance() : receipt;
    }

    /** The guest's disk on this host, a missing node if it has none. */
    public JsonNode disk() {
        JsonNode disk = vm.path("disk");
        return disk.isNull() ? MissingNode.getInstance() : disk;
    }

    /** It is not older than this. */
    public long takenNs() {
        return takenNs;
    }

    /** As the host sent it. */
    public JsonNode json() {
        return status;
    }

    @Override
    public String toString() {
        if (!isPresent()) {
            return "no answer";
        }
        String shortReason = reason().length() <= MAX_REASON ? reason() : reason().substring(0, MAX_REASON) + " ...";
        String reasonText = shortReason.isEmpty() ? "" : " (" + shortReason + ")";
        return role().toLowerCase(Locale.ROOT) + " " + state() + reasonText + ", term " + term() + ", epoch " + epoch();
    }
}
