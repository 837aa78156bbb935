package io.lockstep.hypervisor.riscv.device;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The content behind the block device. Reads and writes complete at once, at the count of the guest's request: a replica with an equal content needs no events
 * for them.
 */
public interface Disk {
    /** Bytes of a sector. */
    int SECTOR = 512;

    /** No disk. */
    Disk NONE = new Disk() {
        @Override
        public long sectors() {
            return 0;
        }

        @Override
        public boolean read(long sector, MutableDirectBuffer target, int offset, int length) {
            return false;
        }

        @Override
        public boolean write(long sector, DirectBuffer source, int offset, int length) {
            return false;
        }

        @Override
        public boolean flush() {
            return false;
        }
    };

    /** Size; 0 means that there is no disk. */
    long sectors();

    /** Reads whole sectors; false on an error. The range is checked by the caller. */
    boolean read(long sector, MutableDirectBuffer target, int offset, int length);

    /** Writes whole sectors; false on an error. The range is checked by the caller. */
    boolean write(long sector, DirectBuffer source, int offset, int length);

    /** Makes what was written durable; false on an error. */
    boolean flush();
}
