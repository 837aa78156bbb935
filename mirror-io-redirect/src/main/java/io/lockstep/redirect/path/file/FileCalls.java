package io.lockstep.redirect.path.file;

import io.lockstep.nativeio.DiskFile;
import io.lockstep.nativeio.IoVector;
import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Turns a request into system calls, and what they return into a fault. Blocks as long as they do.
 *
 * <p>Threading: one thread; each worker has its own.
 */
final class FileCalls {
    private static final int CHUNK = 256 << 10;

    private final OpenedFile opened;
    private final DiskFile file;
    private final IoVector vector = new IoVector();
    private UnsafeBuffer chunk;

    FileCalls(OpenedFile opened) {
        this.opened = opened;
        this.file = opened.file();
    }

    /** Does it and stores the outcome in it. */
    void execute(FileOp op) {
        BlockRequest request = op.request();
        switch (request.verb()) {
            case READ -> op.fault = transfer(op, false);
            case WRITE -> op.fault = transfer(op, true);
            case FLUSH -> op.fault = sync(op);
            case DISCARD -> op.fault = discard(op);
            case WRITE_ZEROES -> op.fault = writeZeroes(op);
            case STATUS -> op.fault = status(op);
        }
    }

    private BlockFault transfer(FileOp op, boolean write) {
        long length = op.request().length();
        long offset = op.request().offset();
        boolean bounce = opened.direct() && (op.address() & (opened.geometry().minBlock() - 1)) != 0;
        long moved = 0;
        while (moved < length) {
            long left = length - moved;
            long result = bounce
                    ? bounced(op, (int) moved, (int) Math.min(left, CHUNK), offset + moved, write)
                    : move(op, op.address() + moved, left, offset + moved, write);
            if (result <= 0) {
                // 0: the file was cut short under us, or the device takes nothing.
                return result == 0 ? BlockFault.IO : fault(result);
            }
            moved += result;
        }
        return BlockFault.NONE;
    }

    /** For memory that O_DIRECT does not take. */
    private long bounced(FileOp op, int moved, int length, long offset, boolean write) {
        UnsafeBuffer aligned = chunk();
        int index = op.request().dataOffset() + moved;
        if (write) {
            aligned.putBytes(0, op.buffer().view(), index, length);
        }
        long result = move(op, aligned.addressOffset(), length, offset, write);
        if (!write && result > 0) {
            op.buffer().view().putBytes(index, aligned, 0, (int) result);
        }
        return result;
    }

    private long move(FileOp op, long address, long length, long offset, boolean write) {
        if (!write) {
            return file.read(address, length, offset);
        }
        if (!op.request().fua()) {
            return file.write(address, length, offset);
        }
        long result = file.writeDurable(vector, address, length, offset);
        if (result == -DiskFile.EOPNOTSUPP || result == -DiskFile.ENOSYS) {
            result = file.write(address, length, offset);
            long synced = result > 0 ? file.sync() : 0;
            result = synced < 0 ? synced : result;
        }
        if (result == -DiskFile.EIO) {
            op.lost = lost("durable write", result);
        }
        return result;
    }

    private BlockFault sync(FileOp op) {
        long result = file.sync();
        if (result < 0) {
            op.lost = lost("fdatasync", result);
            return fault(result);
        }
        return BlockFault.NONE;
    }

    /** The kernel reports such a failure once and forgets the pages: a later success would promise what is not there. */
    private static String lost(String call, long result) {
        return call + " failed with " + DiskFile.describe(result)
                + ": what was written before may be lost, so nothing later can be called durable";
    }

    private BlockFault discard(FileOp op) {
        BlockRequest request = op.request();
        long result = opened.blockDevice()
                ? file.discardBlocks(vector, request.offset(), request.length())
                : file.punchHole(request.offset(), request.length());
        if (result < 0 && !isUnsupported(result)) {
            return fault(result);
        }
        return request.fua() ? sync(op) : BlockFault.NONE; // a hint that nobody takes has done its work
    }

    private BlockFault writeZeroes(FileOp op) {
        BlockRequest request = op.request();
        long result = -DiskFile.EOPNOTSUPP;
        if (!request.keepAllocated()) {
            result = file.punchHole(request.offset(), request.length());
        }
        // A device's driver may zero a range by writing it, which is not what "fast" asks for.
        boolean mayBeSlow = opened.blockDevice() && request.fastOnly();
        if (isUnsupported(result) && !mayBeSlow) {
            result = file.zeroRange(request.offset(), request.length());
        }
        if (isUnsupported(result)) {
            if (request.fastOnly()) {
                return BlockFault.NOT_SUPPORTED;
            }
            result = writeZeroesByHand(request.offset(), request.length());
        }
        if (result < 0) {
            return fault(result);
        }
        return request.fua() ? sync(op) : BlockFault.NONE;
    }

    private long writeZeroesByHand(long offset, long length) {
        UnsafeBuffer zeroes = chunk();
        zeroes.setMemory(0, (int) Math.min(length, CHUNK), (byte) 0);
        long done = 0;
        while (done < length) {
            long result = file.write(zeroes.addressOffset(), Math.min(length - done, CHUNK), offset + done);
            if (result <= 0) {
                return result == 0 ? -DiskFile.EIO : result;
            }
            done += result;
        }
        return 0;
    }

    private BlockFault status(FileOp op) {
        long offset = op.request().offset();
        long length = op.request().length();
        long block = opened.geometry().minBlock();
        long data = file.nextData(offset);
        long hole = data == offset ? file.nextHole(offset) : 0;
        if (data == -DiskFile.EINVAL || hole < 0) {
            return setRun(op, length, false); // cannot tell: all of it is stored
        }
        if (data == -DiskFile.ENXIO) {
            return setRun(op, length, true);
        }
        if (data < 0) {
            return fault(data);
        }
        long holeBytes = (data - offset) & -block;
        if (holeBytes > 0) {
            return setRun(op, Math.min(holeBytes, length), true);
        }
        long end = hole > offset ? hole : data + 1;
        return setRun(op, Math.min((end - offset + block - 1) & -block, length), false);
    }

    private static BlockFault setRun(FileOp op, long length, boolean hole) {
        op.runLength = length;
        op.runIsHole = hole;
        return BlockFault.NONE;
    }

    private static boolean isUnsupported(long result) {
        return result == -DiskFile.EOPNOTSUPP || result == -DiskFile.ENOSYS;
    }

    private static BlockFault fault(long result) {
        return switch ((int) -result) {
            case DiskFile.ENOSPC, DiskFile.EDQUOT, DiskFile.EFBIG -> BlockFault.NO_SPACE;
            case DiskFile.EPERM, DiskFile.EACCES, DiskFile.EROFS -> BlockFault.PERMISSION;
            case DiskFile.EOPNOTSUPP, DiskFile.ENOSYS -> BlockFault.NOT_SUPPORTED;
            default -> BlockFault.IO;
        };
    }

    private UnsafeBuffer chunk() {
        if (chunk == null) {
            chunk = new UnsafeBuffer(BufferUtil.allocateDirectAligned(CHUNK, IoBuffer.ALIGNMENT));
        }
        return chunk;
    }
}
