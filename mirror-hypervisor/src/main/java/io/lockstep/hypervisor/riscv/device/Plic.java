package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;

/** Interrupt controller (RISC-V PLIC 1.0.0): 31 sources, level-triggered; two contexts, machine and supervisor mode of the hart. */
final class Plic implements Device {
    static final long BASE = 0xc00_0000L;
    static final int SIZE = 0x60_0000;
    static final int SOURCES = 32;

    private static final int CONTEXTS = 2;
    private static final int PENDING = 0x1000;
    private static final int ENABLE = 0x2000;
    private static final int ENABLE_STRIDE = 0x80;
    private static final int CONTEXT = 0x20_0000;
    private static final int CONTEXT_STRIDE = 0x1000;

    private final Board board;
    private final long[] priority = new long[SOURCES];
    private final long[] enabled = new long[CONTEXTS];
    private final long[] threshold = new long[CONTEXTS];
    private long levels;
    private long pending;
    private long claimed;

    Plic(Board board) {
        this.board = board;
    }

    /** A device's line. */
    void line(int source, boolean high) {
        long bit = 1L << source;
        if (high == ((levels & bit) != 0)) {
            return;
        }
        levels ^= bit;
        if (high) {
            pending |= bit & ~claimed;
        } else {
            pending &= ~bit;
        }
        board.refreshExternal();
    }

    /** True if the context is to be interrupted. */
    boolean asks(int context) {
        return best(context) != 0;
    }

    private int best(int context) {
        int best = 0;
        long bestPriority = threshold[context];
        for (long left = pending & enabled[context]; left != 0; left &= left - 1) {
            int source = Long.numberOfTrailingZeros(left);
            if (priority[source] > bestPriority) {
                best = source;
                bestPriority = priority[source];
            }
        }
        return best;
    }

    private static int enableContext(int offset) {
        int context = (offset - ENABLE) / ENABLE_STRIDE;
        return context < CONTEXTS && (offset - ENABLE) % ENABLE_STRIDE == 0 ? context : -1;
    }

    @Override
    public long load(int offset, int bytes) {
        if (offset < 4 * SOURCES) {
            return priority[offset >>> 2];
        }
        if (offset == PENDING) {
            return pending;
        }
        if (offset >= ENABLE && offset < CONTEXT) {
            int context = enableContext(offset);
            return context < 0 ? 0 : enabled[context];
        }
        int context = (offset - CONTEXT) / CONTEXT_STRIDE;
        if (offset < CONTEXT || context >= CONTEXTS) {
            return 0;
        }
        return switch ((offset - CONTEXT) % CONTEXT_STRIDE) {
            case 0 -> threshold[context];
            case 4 -> claim(context);
            default -> 0;
        };
    }

    private long claim(int context) {
        int source = best(context);
        if (source != 0) {
            pending &= ~(1L << source);
            claimed |= 1L << source;
            board.refreshExternal();
        }
        return source;
    }

    private void complete(int source) {
        if (source > 0 && source < SOURCES) {
            long bit = 1L << source;
            claimed &= ~bit;
            pending |= levels & bit;
        }
    }

    @Override
    public void store(int offset, int bytes, long value) {
        if (offset < 4 * SOURCES) {
            priority[offset >>> 2] = offset < 4 ? 0 : value & 7;
        } else if (offset >= ENABLE && offset < CONTEXT) {
            int context = enableContext(offset);
            if (context >= 0) {
                enabled[context] = value & 0xfffffffeL;
            }
        } else if (offset >= CONTEXT) {
            int context = (offset - CONTEXT) / CONTEXT_STRIDE;
            int register = (offset - CONTEXT) % CONTEXT_STRIDE;
            if (context < CONTEXTS && register == 0) {
                threshold[context] = value & 7;
            } else if (context < CONTEXTS && register == 4) {
                complete((int) value);
            }
        }
        board.refreshExternal();
    }

    @Override
    public void save(StateWriter writer) {
        writer.numbers(priority);
        writer.numbers(enabled);
        writer.numbers(threshold);
        writer.number(levels);
        writer.number(pending);
        writer.number(claimed);
    }

    @Override
    public void load(StateReader reader) {
        reader.numbers(priority);
        reader.numbers(enabled);
        reader.numbers(threshold);
        levels = reader.number();
        pending = reader.number();
        claimed = reader.number();
    }
}
