package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockFault;

/** The clients' requests on their way: a fixed number of each kind. */
final class Ops {
    private final WriteOp[] writes;
    private final ReadOp[] reads;
    private final WriteOp[] freeWrites;
    private final ReadOp[] freeReads;
    private int freeWriteCount;
    private int freeReadCount;

    Ops(Mirror mirror, int count) {
        writes = new WriteOp[count];
        reads = new ReadOp[count];
        freeWrites = new WriteOp[count];
        freeReads = new ReadOp[count];
        for (int i = 0; i < count; i++) {
            writes[i] = new WriteOp(mirror);
            reads[i] = new ReadOp(mirror);
            release(writes[i]);
            release(reads[i]);
        }
    }

    WriteOp takeWrite() {
        return freeWriteCount == 0 ? null : freeWrites[--freeWriteCount];
    }

    ReadOp takeRead() {
        return freeReadCount == 0 ? null : freeReads[--freeReadCount];
    }

    void release(WriteOp op) {
        freeWrites[freeWriteCount++] = op;
    }

    void release(ReadOp op) {
        freeReads[freeReadCount++] = op;
    }

    /** Those that waited for the logs, or for a buffer. */
    void advance() {
        for (WriteOp op : writes) {
            if (op.stage() == WriteOp.Stage.MARKING) {
                op.checkMarked();
            }
        }
        for (ReadOp op : reads) {
            if (op.stage() == ReadOp.Stage.HUNGRY) {
                op.next();
            }
        }
    }

    /** It is durable that a copy is stale. */
    void latched() {
        for (WriteOp op : writes) {
            if (op.stage() == WriteOp.Stage.LATCHING) {
                op.judge();
            }
        }
    }

    /** A copy works again. */
    void resume() {
        for (WriteOp op : writes) {
            if (op.stage() == WriteOp.Stage.PARKED) {
                op.start();
            }
        }
        for (ReadOp op : reads) {
            if (op.stage() == ReadOp.Stage.PARKED) {
                op.restart();
            }
        }
    }

    /** No copy came back in time. */
    void failParked() {
        for (WriteOp op : writes) {
            if (op.stage() == WriteOp.Stage.PARKED) {
                op.finish(BlockFault.IO);
            }
        }
        for (ReadOp op : reads) {
            if (op.stage() == ReadOp.Stage.PARKED) {
                op.finish(BlockFault.IO);
            }
        }
    }

    void failAll() {
        for (WriteOp op : writes) {
            if (op.stage() != WriteOp.Stage.FREE) {
                op.finish(BlockFault.IO);
            }
        }
        for (ReadOp op : reads) {
            if (op.stage() != ReadOp.Stage.FREE) {
                op.finish(BlockFault.IO);
            }
        }
    }
}
