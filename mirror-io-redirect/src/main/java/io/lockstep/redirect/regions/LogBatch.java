package io.lockstep.redirect.regions;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What is written and made durable together: the marks first, then the header, so that whoever sees a header sees every mark made before it.
 *
 * <p>Threading: filled by the stack's thread, run by the log's, which publishes the outcome with {@link #done}.
 */
final class LogBatch implements Runnable {
    private final LogFile file;
    private final RegionBitmap bitmap;
    private final ByteBuffer blocks;
    private final ByteBuffer header = LogLayout.buffer(LogLayout.SECTOR);
    private final Runnable wakeUp;
    private boolean withHeader;
    private long headerAt;
    private IOException failure;
    private volatile boolean done;

    LogBatch(LogFile file, RegionBitmap bitmap, ByteBuffer blocks, Runnable wakeUp) {
        this.file = file;
        this.bitmap = bitmap;
        this.blocks = blocks;
        this.wakeUp = wakeUp;
    }

    void prepare(LogLayout.Header newHeader) {
        done = false;
        failure = null;
        withHeader = newHeader != null;
        if (withHeader) {
            LogLayout.encodeHeader(header, 0, newHeader);
            headerAt = LogLayout.slotAt(newHeader.sequence());
        }
    }

    boolean isDone() {
        return done;
    }

    IOException failure() {
        return failure;
    }

    @Override
    public void run() {
        try {
            if (writeBlocks()) {
                file.sync();
            }
            if (withHeader) {
                header.clear();
                file.write(header, headerAt);
                file.sync();
            }
        } catch (IOException e) {
            failure = e;
        }
        done = true;
        wakeUp.run();
    }

    /** Neighbouring blocks in one call. False if there was none. */
    private boolean writeBlocks() throws IOException {
        int block = bitmap.nextInBatch(0);
        boolean any = block >= 0;
        while (block >= 0) {
            int end = block + 1;
            while (bitmap.nextInBatch(end) == end) {
                end++;
            }
            blocks.limit(end * LogLayout.SECTOR).position(block * LogLayout.SECTOR);
            file.write(blocks, LogLayout.BITMAP_AT + (long) block * LogLayout.SECTOR);
            block = bitmap.nextInBatch(end);
        }
        blocks.clear();
        return any;
    }
}
