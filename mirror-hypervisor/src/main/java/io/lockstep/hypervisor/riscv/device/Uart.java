package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;
import org.agrona.DirectBuffer;

/** A 16550 whose transmitter is always ready. Received bytes wait in a queue larger than the real one's 16. */
final class Uart implements Device {
    static final long BASE = 0x1000_0000L;
    static final int SIZE = 0x100;
    static final int IRQ = 10;

    private static final int QUEUE = 4096;
    private static final int DATA = 0;
    private static final int ENABLE = 1;
    private static final int IDENTIFY = 2;
    private static final int LINE_CONTROL = 3;
    private static final int MODEM_CONTROL = 4;
    private static final int LINE_STATUS = 5;
    private static final int MODEM_STATUS = 6;
    private static final int SCRATCH = 7;
    private static final int DIVISOR_LATCH = 0x80;

    private final Board board;
    private final ByteQueue received = new ByteQueue(QUEUE);
    private int enable;
    private int fifo;
    private int lineControl;
    private int modemControl;
    private int scratch;
    private int divisor;
    private boolean transmitterAsks;

    Uart(Board board) {
        this.board = board;
    }

    boolean accepts(int length) {
        return length <= received.free();
    }

    void receive(DirectBuffer source, int offset, int length) {
        received.put(source, offset, length);
        refresh();
    }

    private boolean latched() {
        return (lineControl & DIVISOR_LATCH) != 0;
    }

    private int identify() {
        int fifoBits = (fifo & 1) != 0 ? 0xc0 : 0;
        if ((enable & 1) != 0 && received.size() > 0) {
            return fifoBits | 4;
        }
        return fifoBits | ((enable & 2) != 0 && transmitterAsks ? 2 : 1);
    }

    private void refresh() {
        board.line(IRQ, (identify() & 1) == 0);
    }

    @Override
    public long load(int offset, int bytes) {
        switch (offset) {
            case DATA -> {
                if (latched()) {
                    return divisor & 0xff;
                }
                int value = received.size() > 0 ? received.take() : 0;
                refresh();
                return value;
            }
            case ENABLE -> {
                return latched() ? divisor >> 8 : enable;
            }
            case IDENTIFY -> {
                int value = identify();
                if ((value & 0xf) == 2) {
                    transmitterAsks = false;
                    refresh();
                }
                return value;
            }
            case LINE_CONTROL -> {
                return lineControl;
            }
            case MODEM_CONTROL -> {
                return modemControl;
            }
            case LINE_STATUS -> {
                return 0x60 | (received.size() > 0 ? 1 : 0);
            }
            case MODEM_STATUS -> {
                return 0xb0; // carrier, ready, clear to send
            }
            default -> {
                return offset == SCRATCH ? scratch : 0;
            }
        }
    }

    @Override
    public void store(int offset, int bytes, long value) {
        int low = (int) value & 0xff;
        switch (offset) {
            case DATA -> {
                if (latched()) {
                    divisor = (divisor & 0xff00) | low;
                } else {
                    board.say(Board.CONSOLE, low);
                    transmitterAsks = true;
                }
            }
            case ENABLE -> {
                if (latched()) {
                    divisor = (divisor & 0xff) | (low << 8);
                } else {
                    transmitterAsks |= (low & ~enable & 2) != 0;
                    enable = low & 15;
                }
            }
            case IDENTIFY -> {
                fifo = low;
                if ((low & 2) != 0) {
                    received.clear();
                }
            }
            case LINE_CONTROL -> lineControl = low;
            case MODEM_CONTROL -> modemControl = low & 0x1f;
            case SCRATCH -> scratch = low;
            default -> {
                // status registers are read-only
            }
        }
        refresh();
    }

    @Override
    public void save(StateWriter writer) {
        writer.number(enable);
        writer.number(fifo);
        writer.number(lineControl);
        writer.number(modemControl);
        writer.number(scratch);
        writer.number(divisor);
        writer.flag(transmitterAsks);
        received.save(writer);
    }

    @Override
    public void load(StateReader reader) {
        enable = reader.number(0, 15);
        fifo = reader.number(0, 255);
        lineControl = reader.number(0, 255);
        modemControl = reader.number(0, 255);
        scratch = reader.number(0, 255);
        divisor = reader.number(0, 0xffff);
        transmitterAsks = reader.flag();
        received.load(reader);
    }
}
