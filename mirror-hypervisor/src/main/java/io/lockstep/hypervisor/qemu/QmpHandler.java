package io.lockstep.hypervisor.qemu;

import com.fasterxml.jackson.databind.JsonNode;

/** Takes what QEMU says, in order, during {@link QmpConnection#poll}. */
interface QmpHandler {
    /** A command succeeded. */
    void onReturn(QmpCommand command);

    /** A command was refused. */
    void onError(QmpError error);

    /** An event other than STOP and RESUME. {@code data} is an object, empty if the event has none. */
    void onEvent(String name, JsonNode data);
}
