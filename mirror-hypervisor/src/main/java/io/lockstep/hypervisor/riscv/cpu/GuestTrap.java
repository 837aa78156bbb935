package io.lockstep.hypervisor.riscv.cpu;

/** A synchronous exception of the guest on its way to the hart's loop. One per hart, so nothing is allocated. */
final class GuestTrap extends RuntimeException {
    static final int FETCH_ACCESS = 1;
    static final int ILLEGAL = 2;
    static final int BREAKPOINT = 3;
    static final int LOAD_MISALIGNED = 4;
    static final int LOAD_ACCESS = 5;
    static final int STORE_MISALIGNED = 6;
    static final int STORE_ACCESS = 7;
    static final int CALL_FROM_USER = 8;
    static final int FETCH_PAGE = 12;
    static final int LOAD_PAGE = 13;
    static final int STORE_PAGE = 15;

    private static final long serialVersionUID = 1L;

    private int cause;
    private long value;
    private int index;

    GuestTrap() {
        super("trap of the guest", null, false, false);
    }

    /** To be thrown: {@code index} is the instruction's in its block. */
    GuestTrap with(int newCause, long newValue, int newIndex) {
        cause = newCause;
        value = newValue;
        index = newIndex;
        return this;
    }

    int cause() {
        return cause;
    }

    long value() {
        return value;
    }

    int index() {
        return index;
    }
}
