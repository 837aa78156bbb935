package io.lockstep.redirect.nbd;

import static io.lockstep.redirect.nbd.NbdWire.TRANSMIT_CAN_MULTI_CONN;
import static io.lockstep.redirect.nbd.NbdWire.TRANSMIT_HAS_FLAGS;
import static io.lockstep.redirect.nbd.NbdWire.TRANSMIT_READ_ONLY;
import static io.lockstep.redirect.nbd.NbdWire.TRANSMIT_SEND_CACHE;
import static io.lockstep.redirect.nbd.NbdWire.TRANSMIT_SEND_DF;
import static io.lockstep.redirect.nbd.NbdWire.TRANSMIT_SEND_FAST_ZERO;
import static io.lockstep.redirect.nbd.NbdWire.TRANSMIT_SEND_FLUSH;
import static io.lockstep.redirect.nbd.NbdWire.TRANSMIT_SEND_FUA;
import static io.lockstep.redirect.nbd.NbdWire.TRANSMIT_SEND_TRIM;
import static io.lockstep.redirect.nbd.NbdWire.TRANSMIT_SEND_WRITE_ZEROES;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockGeometry;
import java.nio.charset.StandardCharsets;

/** An export at work: the device, and who may use it. */
final class Export {
    private final NbdExport config;
    private final byte[] name;
    private final byte[] description;
    private final BlockDevice device;
    private final BlockGeometry geometry;
    private final boolean multiConn;
    private final GenerationGate gate;
    private int outstanding;

    /** {@code device} is the configured one, or a layer over it, and takes requests of any shape. */
    Export(NbdExport config, BlockDevice device, NbdServerConfig server) {
        this.config = config;
        this.device = device;
        geometry = device.geometry();
        name = config.name().getBytes(StandardCharsets.UTF_8);
        description = config.description().getBytes(StandardCharsets.UTF_8);
        multiConn = server.multiConn();
        gate = config.generations()
                .map(store -> new GenerationGate(this, store))
                .orElse(null);
    }

    String name() {
        return config.name();
    }

    byte[] nameBytes() {
        return name;
    }

    byte[] descriptionBytes() {
        return description;
    }

    BlockDevice device() {
        return device;
    }

    BlockGeometry geometry() {
        return geometry;
    }

    int maxPayload() {
        return geometry.maxTransfer();
    }

    boolean readOnly() {
        return config.readOnly() || geometry.readOnly();
    }

    boolean canTrim() {
        return geometry.canDiscard() && !readOnly();
    }

    /** Null if everybody may open it. */
    GenerationGate gate() {
        return gate;
    }

    /** True if requests of a client with this generation may go to the device now. */
    boolean mayIssue(long generation) {
        return gate == null || gate.mayIssue(generation);
    }

    /** Requests that the device has and has not completed, of clients that have left included. */
    int outstanding() {
        return outstanding;
    }

    void issued() {
        outstanding++;
    }

    void completed() {
        outstanding--;
    }

    /** {@code TRANSMIT_*} for a client. */
    int transmissionFlags(boolean structured) {
        int flags = TRANSMIT_HAS_FLAGS | TRANSMIT_SEND_FLUSH | TRANSMIT_SEND_FUA | TRANSMIT_SEND_CACHE;
        flags |= readOnly()
                ? TRANSMIT_READ_ONLY
                : TRANSMIT_SEND_WRITE_ZEROES | TRANSMIT_SEND_FAST_ZERO | (canTrim() ? TRANSMIT_SEND_TRIM : 0);
        flags |= multiConn ? TRANSMIT_CAN_MULTI_CONN : 0;
        return structured ? flags | TRANSMIT_SEND_DF : flags;
    }
}
