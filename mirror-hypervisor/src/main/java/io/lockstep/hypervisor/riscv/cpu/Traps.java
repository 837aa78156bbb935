package io.lockstep.hypervisor.riscv.cpu;

/** Into a trap handler and back, and which interrupt comes next. */
final class Traps {
    /** Highest priority first. */
    private static final int[] ORDER = {11, 3, 7, 9, 1, 5};

    private static final int NONE = -1;
    private static final long INTERRUPT = Long.MIN_VALUE;

    private final Registers r;
    private final Mmu mmu;
    private boolean ready;

    Traps(Registers registers, Mmu mmu) {
        this.r = registers;
        this.mmu = mmu;
    }

    /** After each change of what is pending, enabled or delegated, or of the privilege. */
    void refresh() {
        ready = next() != NONE;
        if ((r.pending() & r.mie) != 0) {
            r.waiting = false;
        }
    }

    /** True if an interrupt is to be taken now. */
    boolean ready() {
        return ready;
    }

    private int next() {
        long asking = r.pending() & r.mie;
        if (asking == 0) {
            return NONE;
        }
        boolean machineOpen = r.privilege < Registers.MACHINE || (r.mstatus & Status.MIE) != 0;
        long machine = machineOpen ? asking & ~r.mideleg : 0;
        if (machine != 0) {
            return first(machine);
        }
        boolean supervisorOpen = r.privilege < Registers.SUPERVISOR
                || (r.privilege == Registers.SUPERVISOR && (r.mstatus & Status.SIE) != 0);
        long supervisor = supervisorOpen ? asking & r.mideleg : 0;
        return supervisor == 0 ? NONE : first(supervisor);
    }

    private static int first(long asking) {
        for (int each : ORDER) {
            if ((asking >> each & 1) != 0) {
                return each;
            }
        }
        return NONE;
    }

    /** Takes the interrupt that is due, at the current pc. */
    void interrupt() {
        enter(next() | INTERRUPT, 0, r.pc);
    }

    /** Goes into the handler. */
    void enter(long cause, long value, long epc) {
        boolean isInterrupt = cause < 0;
        int number = (int) cause & 63;
        long delegated = isInterrupt ? r.mideleg : r.medeleg;
        long handler;
        if (r.privilege <= Registers.SUPERVISOR && (delegated >> number & 1) != 0) {
            r.scause = cause;
            r.sepc = epc;
            r.stval = value;
            long enabled = (r.mstatus & Status.SIE) != 0 ? Status.SPIE : 0;
            long previous = r.privilege == Registers.SUPERVISOR ? Status.SPP : 0;
            r.mstatus = (r.mstatus & ~(Status.SIE | Status.SPIE | Status.SPP)) | enabled | previous;
            r.privilege = Registers.SUPERVISOR;
            handler = r.stvec;
        } else {
            r.mcause = cause;
            r.mepc = epc;
            r.mtval = value;
            long enabled = (r.mstatus & Status.MIE) != 0 ? Status.MPIE : 0;
            long previous = (long) r.privilege << Status.MPP_SHIFT;
            r.mstatus = (r.mstatus & ~(Status.MIE | Status.MPIE | Status.MPP)) | enabled | previous;
            r.privilege = Registers.MACHINE;
            handler = r.mtvec;
        }
        boolean vectored = isInterrupt && (handler & 1) != 0;
        r.pc = (handler & ~3L) + (vectored ? 4L * number : 0);
        changed();
    }

    /** MRET: where to go on. */
    long returnFromMachine() {
        int previous = (int) ((r.mstatus & Status.MPP) >>> Status.MPP_SHIFT);
        long enabled = (r.mstatus & Status.MPIE) != 0 ? Status.MIE : 0;
        r.mstatus = (r.mstatus & ~(Status.MIE | Status.MPP)) | enabled | Status.MPIE;
        if (previous != Registers.MACHINE) {
            r.mstatus &= ~Status.MPRV;
        }
        r.privilege = previous;
        changed();
        return r.mepc;
    }

    /** SRET: where to go on. */
    long returnFromSupervisor() {
        long enabled = (r.mstatus & Status.SPIE) != 0 ? Status.SIE : 0;
        r.privilege = (r.mstatus & Status.SPP) != 0 ? Registers.SUPERVISOR : Registers.USER;
        r.mstatus = (r.mstatus & ~(Status.SIE | Status.SPP | Status.MPRV)) | enabled | Status.SPIE;
        changed();
        return r.sepc;
    }

    private void changed() {
        mmu.selectRegime();
        refresh();
    }
}
