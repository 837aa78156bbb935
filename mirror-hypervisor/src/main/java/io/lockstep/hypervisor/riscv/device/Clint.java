package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;

/** The timer and the software interrupt of machine mode (SiFive CLINT, one hart). */
final class Clint implements Device {
    static final long BASE = 0x200_0000L;
    static final int SIZE = 0x1_0000;

    private static final int COMPARE = 0x4000;
    private static final int TIME = 0xbff8;

    private final Clock clock;
    private final Board board;
    private long compare = -1;
    private boolean software;

    Clint(Clock clock, Board board) {
        this.clock = clock;
        this.board = board;
    }

    long compare() {
        return compare;
    }

    boolean timerDue(long count) {
        return Long.compareUnsigned(clock.ticks(count), compare) >= 0;
    }

    boolean software() {
        return software;
    }

    @Override
    public long load(int offset, int bytes) {
        if (offset < 4) {
            return software ? 1 : 0;
        }
        if (offset >= COMPARE && offset < COMPARE + 8) {
            return Field.read(compare, offset - COMPARE, bytes);
        }
        if (offset >= TIME) {
            return Field.read(clock.ticks(board.now()), offset - TIME, bytes);
        }
        return 0;
    }

    @Override
    public void store(int offset, int bytes, long value) {
        if (offset < 4) {
            software = (value & 1) != 0;
        } else if (offset >= COMPARE && offset < COMPARE + 8) {
            compare = Field.write(compare, offset - COMPARE, bytes, value);
        } else if (offset >= TIME) {
            long now = board.now();
            clock.set(Field.write(clock.ticks(now), offset - TIME, bytes, value), now);
        }
        board.refreshTimer(board.now());
    }

    @Override
    public void save(StateWriter writer) {
        writer.number(compare);
        writer.flag(software);
    }

    @Override
    public void load(StateReader reader) {
        compare = reader.number();
        software = reader.flag();
    }
}
