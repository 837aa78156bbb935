package io.lockstep.hypervisor.qemu;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Keeps the last bytes a process wrote to its standard output and error, without blocking on it. */
final class StderrTail {
    private static final int KEPT = 4096;
    private static final int MAX_READS = 64;

    private final byte[] chunk = new byte[1024];
    private String tail = "";

    /** Takes what has arrived, so that the process never blocks on a full pipe. */
    void drain(InputStream stream) {
        try {
            for (int reads = 0; reads < MAX_READS && stream.available() > 0; reads++) {
                int count = stream.read(chunk, 0, Math.min(chunk.length, stream.available()));
                if (count <= 0) {
                    return;
                }
                String longer = tail + new String(chunk, 0, count, StandardCharsets.UTF_8);
                tail = longer.substring(Math.max(0, longer.length() - KEPT));
            }
        } catch (IOException e) {
            // The process is gone and its pipe with it; what was read before is all there is.
            return;
        }
    }

    /** The last lines, on one line; empty if there was no output. */
    String text() {
        return tail.strip().replace("\r", "").replace("\n", " | ");
    }
}
