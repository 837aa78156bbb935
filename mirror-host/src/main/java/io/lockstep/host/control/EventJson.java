package io.lockstep.host.control;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.host.HostEvent;

/** Host events as JSON, one object each. */
public final class EventJson {
    private static final ObjectMapper JSON = new ObjectMapper();

    private EventJson() {}

    /** The event as {@code docs/host.md} shows it. */
    public static ObjectNode of(HostEvent event) {
        ObjectNode node = JSON.createObjectNode();
        if (event instanceof HostEvent.StateChanged change) {
            node.put("event", "state")
                    .put("vm", change.vm())
                    .put("role", change.role().name())
                    .put("from", change.from().name())
                    .put("to", change.to().name())
                    .put("reason", change.reason())
                    .put("timeMs", change.timeMs());
        } else if (event instanceof HostEvent.Notice notice) {
            node.put("event", "notice").put("vm", notice.vm()).put("text", notice.text());
        } else if (event instanceof HostEvent.ReceiptReady ready) {
            node.put("event", "receipt").put("vm", ready.vm()).set("receipt", JSON.valueToTree(ready.receipt()));
        }
        return node;
    }
}
