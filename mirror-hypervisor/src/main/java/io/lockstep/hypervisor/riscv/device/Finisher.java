package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;

/** The "test finisher": the guest writes how it ended. Also the board's power switch (syscon-poweroff, syscon-reboot). */
final class Finisher implements Device {
    static final long BASE = 0x10_0000L;
    static final int SIZE = 0x1000;

    private static final int FAIL = 0x3333;
    private static final int PASS = 0x5555;
    private static final int RESET = 0x7777;

    private final Board board;

    Finisher(Board board) {
        this.board = board;
    }

    @Override
    public long load(int offset, int bytes) {
        return 0;
    }

    @Override
    public void store(int offset, int bytes, long value) {
        switch ((int) value & 0xffff) {
            case PASS -> board.end(0, "the guest switched the machine off");
            case FAIL -> board.end((value >>> 16) & 0xffff, "the guest ended with a failure");
            case RESET -> board.end(0, "the guest asked for a reset");
            default -> {
                // other values mean nothing
            }
        }
    }

    @Override
    public void save(StateWriter writer) {
        // nothing to keep
    }

    @Override
    public void load(StateReader reader) {
        // nothing was kept
    }
}
