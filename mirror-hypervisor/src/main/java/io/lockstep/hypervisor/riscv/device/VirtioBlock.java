package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;
import io.lockstep.mirror.verify.EpochDigest;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The block device (virtio 1.2, section 5.2). Requests complete at once. A digest of all requests is part of the state, so disks that drift apart are
 * noticed when the guest reads what differs.
 */
final class VirtioBlock implements VirtioModel {
    private static final int HEADER = 16;
    private static final int IN = 0;
    private static final int OUT = 1;
    private static final int FLUSH = 4;
    private static final int IDENTIFY = 8;
    private static final byte OK = 0;
    private static final byte IO_ERROR = 1;
    private static final byte UNSUPPORTED = 2;
    private static final int PIECE = 1 << 16;

    private final Disk disk;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[PIECE]);
    private final UnsafeBuffer header = new UnsafeBuffer(new byte[HEADER]);
    private final UnsafeBuffer one = new UnsafeBuffer(new byte[1]);
    private long digest;

    VirtioBlock(Disk disk) {
        this.disk = disk;
    }

    @Override
    public int type() {
        return disk.sectors() > 0 ? 2 : 0;
    }

    @Override
    public int features() {
        return 1 << 9; // flush
    }

    @Override
    public int queues() {
        return 1;
    }

    @Override
    public long config(int offset) {
        return offset == 0 ? disk.sectors() : 0;
    }

    @Override
    public void work(VirtioSlot slot) {
        VirtQueue queue = slot.queue(0);
        boolean tell = false;
        while (queue.next()) {
            tell |= queue.finish(request(queue));
        }
        if (tell) {
            slot.interrupt();
        }
    }

    /** Handles one request; returns the bytes written to the guest. */
    private int request(VirtQueue queue) {
        if (queue.readable() < HEADER || queue.writable() < 1) {
            return 0;
        }
        queue.read(0, header, 0, HEADER);
        int kind = header.getInt(0);
        long sector = header.getLong(8);
        int data = queue.writable() - 1;
        byte status =
                switch (kind) {
                    case IN -> read(queue, sector, data);
                    case OUT -> write(queue, sector, queue.readable() - HEADER);
                    case FLUSH -> disk.flush() ? OK : IO_ERROR;
                    case IDENTIFY -> identify(queue, data);
                    default -> UNSUPPORTED;
                };
        one.putByte(0, status);
        queue.write(data, one, 0, 1);
        return kind == IN || kind == IDENTIFY ? data + 1 : 1;
    }

    private boolean inside(long sector, int bytes) {
        return sector >= 0
                && bytes % Disk.SECTOR == 0
                && sector <= disk.sectors()
                && bytes / Disk.SECTOR <= disk.sectors() - sector;
    }

    private byte read(VirtQueue queue, long sector, int bytes) {
        if (!inside(sector, bytes)) {
            return IO_ERROR;
        }
        for (int done = 0; done < bytes; done += PIECE) {
            int piece = Math.min(PIECE, bytes - done);
            if (!disk.read(sector + done / Disk.SECTOR, buffer, 0, piece)) {
                return IO_ERROR;
            }
            note(sector, piece);
            queue.write(done, buffer, 0, piece);
        }
        return OK;
    }

    private byte write(VirtQueue queue, long sector, int bytes) {
        if (!inside(sector, bytes)) {
            return IO_ERROR;
        }
        for (int done = 0; done < bytes; done += PIECE) {
            int piece = Math.min(PIECE, bytes - done);
            queue.read(HEADER + done, buffer, 0, piece);
            note(~sector, piece);
            if (!disk.write(sector + done / Disk.SECTOR, buffer, 0, piece)) {
                return IO_ERROR;
            }
        }
        return OK;
    }

    private void note(long sector, int bytes) {
        digest = Long.rotateLeft(digest, 7) * 0x9E3779B185EBCA87L + sector + EpochDigest.ofBytes(buffer, 0, bytes);
    }

    private byte identify(VirtQueue queue, int room) {
        int length = Math.min(20, room);
        buffer.setMemory(0, 20, (byte) 0);
        buffer.putStringWithoutLengthAscii(0, "mirror");
        queue.write(0, buffer, 0, length);
        return OK;
    }

    @Override
    public void reset() {
        // requests complete at once, so none is under way
    }

    @Override
    public void save(StateWriter writer) {
        writer.number(digest);
    }

    @Override
    public void load(StateReader reader) {
        digest = reader.number();
    }
}
