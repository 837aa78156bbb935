package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.memory.GuestRam;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The host-target interface of bare-metal tests: a command in the word {@code tohost}, the answer in {@code fromhost}.
 *
 * <pre>
 *   63    56 55    48 47                                  0
 *   | device | command |              payload              |
 *      0        0       odd: end, exit code in the upper bits; even: address of a system call's eight words (write only)
 *      1        1       print a character
 * </pre>
 */
final class Htif {
    private static final int WRITE_CALL = 64;
    private static final int EXIT_CALL = 93;
    private static final int LONGEST_WRITE = 1 << 16;

    private final Board board;
    private final GuestRam ram;
    private final UnsafeBuffer copy = new UnsafeBuffer(new byte[LONGEST_WRITE]);
    private long toHost = -1;
    private long fromHost = -1;

    Htif(Board board, GuestRam ram) {
        this.board = board;
        this.ram = ram;
    }

    void at(long newToHost, long newFromHost) {
        toHost = newToHost;
        fromHost = newFromHost;
    }

    /** The guest wrote to the page of {@code tohost}. */
    void written(long address, int bytes) {
        if (address + bytes <= toHost || address >= toHost + Long.BYTES) {
            return;
        }
        long command = ram.readLong(toHost);
        int device = (int) (command >>> 48);
        if (device == 0 && (command & 1) != 0) {
            board.end(command >>> 1, "tohost");
        } else if (device == 0 && command != 0) {
            systemCall(command & 0xffffffffffffL);
        } else if (device == 0x0101) {
            board.say(Board.CONSOLE, (int) command & 0xff);
            answer(0x0101L << 48);
        }
    }

    private void systemCall(long words) {
        if (!ram.contains(words, 64)) {
            return;
        }
        long number = ram.readLong(words);
        long result = -38; // ENOSYS
        if (number == WRITE_CALL) {
            result = write(ram.readLong(words + 16), ram.readLong(words + 24));
        } else if (number == EXIT_CALL) {
            board.end(ram.readLong(words + 8), "tohost, exit call");
            return;
        }
        board.write(words, result);
        answer(1);
    }

    private long write(long from, long length) {
        if (length < 0 || length > LONGEST_WRITE || !ram.contains(from, length)) {
            return -14; // EFAULT
        }
        ram.read(from, copy, 0, (int) length);
        for (int i = 0; i < length; i++) {
            board.say(Board.CONSOLE, copy.getByte(i) & 0xff);
        }
        return length;
    }

    private void answer(long value) {
        board.write(toHost, 0);
        if (fromHost >= 0) {
            board.write(fromHost, value);
        }
    }
}
