package io.lockstep.hypervisor.riscv.cpu;

/** The SYSTEM major opcode, FENCE.I, and what is no instruction. Each ends its block. */
final class SystemOps {
    private static final int CALL = 0x000;
    private static final int BREAK = 0x001;
    private static final int RETURN_SUPERVISOR = 0x102;
    private static final int WAIT = 0x105;
    private static final int RETURN_MACHINE = 0x302;
    private static final int FENCE_TRANSLATIONS = 0x09;

    private final Registers r;
    private final Csrs csrs;
    private final Traps traps;
    private final Mmu mmu;
    private final GuestTrap trap;

    SystemOps(Registers registers, Csrs csrs, Traps traps, Mmu mmu, GuestTrap trap) {
        this.r = registers;
        this.csrs = csrs;
        this.traps = traps;
        this.mmu = mmu;
        this.trap = trap;
    }

    private GuestTrap illegal(int index) {
        return trap.with(GuestTrap.ILLEGAL, 0, index);
    }

    /** Executes and returns where to go on. */
    long execute(long w, int index, long next) {
        int op = (int) w & 0xff;
        if (op == Op.FENCE_I) {
            return next; // stores to code are seen at once
        }
        int instruction = (int) (w >> 32);
        int function = instruction >>> 12 & 7;
        if (op == Op.ILLEGAL || function == 4) {
            throw illegal(index);
        }
        if (function != 0) {
            csr(instruction, function, index);
            return next;
        }
        return privileged(instruction, index, next);
    }

    private void csr(int instruction, int function, int index) {
        int csr = instruction >>> 20;
        int source = instruction >>> 15 & 31;
        int kind = function & 3;
        boolean write = kind == 1 || source != 0;
        csrs.check(csr, write, index);
        long count = mmu.blockStart + index;
        long old = csrs.read(csr, count, index);
        long operand = function >= 4 ? source : r.x[source];
        if (write) {
            long start = csrs.modifiable(csr, old);
            long value =
                    switch (kind) {
                        case 1 -> operand;
                        case 2 -> start | operand;
                        default -> start & ~operand;
                    };
            csrs.write(csr, value, count);
        }
        int target = instruction >>> 7 & 31;
        if (target != 0) {
            r.x[target] = old;
        }
    }

    private long privileged(int instruction, int index, long next) {
        if (instruction >>> 25 == FENCE_TRANSLATIONS) {
            return fence(instruction, index, next);
        }
        if ((instruction & 0x000fff80) != 0) {
            throw illegal(index);
        }
        return switch (instruction >>> 20) {
            case CALL -> throw trap.with(GuestTrap.CALL_FROM_USER + r.privilege, 0, index);
            case BREAK -> throw trap.with(GuestTrap.BREAKPOINT, 0, index);
            case RETURN_SUPERVISOR -> {
                boolean trapped = r.privilege == Registers.SUPERVISOR && (r.mstatus & Status.TSR) != 0;
                require(r.privilege >= Registers.SUPERVISOR && !trapped, index);
                yield traps.returnFromSupervisor();
            }
            case RETURN_MACHINE -> {
                require(r.privilege == Registers.MACHINE, index);
                yield traps.returnFromMachine();
            }
            case WAIT -> {
                boolean trapped = r.privilege == Registers.SUPERVISOR && (r.mstatus & Status.TW) != 0;
                require(r.privilege >= Registers.SUPERVISOR && !trapped, index);
                r.waiting = (r.pending() & r.mie) == 0;
                yield next;
            }
            default -> throw illegal(index);
        };
    }

    private void require(boolean condition, int index) {
        if (!condition) {
            throw illegal(index);
        }
    }

    /** Translations are never older than memory, so there is nothing to do but to see whether the guest may. */
    private long fence(int instruction, int index, long next) {
        boolean trapped = r.privilege == Registers.SUPERVISOR && (r.mstatus & Status.TVM) != 0;
        require(r.privilege >= Registers.SUPERVISOR && !trapped && (instruction >>> 7 & 31) == 0, index);
        return next;
    }
}
