package io.lockstep.redirect.nbd;

import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.block.BlockGeometry;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The exports by name. The first one is also what a client gets that gives no name. */
final class ExportTable {
    private final Map<String, Export> byName = new LinkedHashMap<>();
    private final List<Export> all;
    private final List<BlockDevice> devices;

    ExportTable(List<NbdExport> exports, NbdServerConfig config) {
        if (exports.isEmpty()) {
            throw new IllegalArgumentException("an NBD server needs an export");
        }
        // Two exports of one device share what keeps overlapping writes apart.
        IdentityHashMap<BlockDevice, BlockDevice> shaped = new IdentityHashMap<>();
        for (NbdExport export : exports) {
            BlockDevice device = shaped.computeIfAbsent(export.device(), below -> anyShape(below, config));
            if (byName.put(export.name(), new Export(export, device, config)) != null) {
                throw new IllegalArgumentException("two exports are named '" + export.name() + "'");
            }
        }
        all = new ArrayList<>(byName.values());
        devices = List.copyOf(shaped.values());
    }

    private static BlockDevice anyShape(BlockDevice below, NbdServerConfig config) {
        BlockGeometry geometry = below.geometry();
        boolean already = geometry.minBlock() == 1 && geometry.maxTransfer() == BlockGeometry.MAX_TRANSFER;
        return already ? below : new AlignDevice(below, config.maxRequests());
    }

    /** What is below the exports, each once. */
    List<BlockDevice> devices() {
        return devices;
    }

    /** In the order of the configuration. */
    List<Export> all() {
        return all;
    }

    /** Null if there is none of this name. */
    Export find(String name) {
        return name.isEmpty() ? all.get(0) : byName.get(name);
    }
}
