package io.lockstep.hypervisor.riscv.cpu;

import io.lockstep.hypervisor.riscv.fpu.FloatUnit;
import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;

/** The hart's registers as bytes and as text. Caches are not part of it: what the guest computes does not depend on them. */
final class HartState {
    private static final String[] NAMES = {
        "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
        "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"
    };

    private HartState() {}

    static void save(Registers r, FloatUnit unit, StateWriter writer) {
        r.x[Op.NOWHERE] = 0;
        writer.numbers(r.x);
        writer.numbers(r.f);
        writer.number(unit.flags());
        writer.number(r.frm);
        writer.number(r.pc);
        writer.number(r.privilege);
        writer.number(r.count);
        writer.number(r.instretBias);
        writer.number(r.cycleBias);
        writer.number(r.reservation);
        writer.flag(r.waiting);
        saveMachine(r, writer);
        writer.number(r.stvec);
        writer.number(r.sscratch);
        writer.number(r.sepc);
        writer.number(r.scause);
        writer.number(r.stval);
        writer.number(r.scounteren);
        writer.number(r.senvcfg);
        writer.number(r.satp);
        writer.numbers(r.pmpAddress);
        writer.numbers(r.pmpConfig);
    }

    private static void saveMachine(Registers r, StateWriter writer) {
        writer.number(r.mstatus);
        writer.number(r.medeleg);
        writer.number(r.mideleg);
        writer.number(r.mie);
        writer.number(r.mipSoftware);
        writer.number(r.lines);
        writer.number(r.mtvec);
        writer.number(r.mscratch);
        writer.number(r.mepc);
        writer.number(r.mcause);
        writer.number(r.mtval);
        writer.number(r.mcounteren);
        writer.number(r.menvcfg);
    }

    static void load(Registers r, FloatUnit unit, StateReader reader) {
        reader.numbers(r.x);
        reader.numbers(r.f);
        unit.flags(reader.number(0, 31));
        r.frm = reader.number(0, 7);
        r.pc = reader.number();
        r.privilege = reader.number(0, 3);
        if (r.privilege == 2) {
            throw new IllegalArgumentException("machine state: privilege 2 does not exist");
        }
        r.count = reader.number();
        r.instretBias = reader.number();
        r.cycleBias = reader.number();
        r.reservation = reader.number();
        r.waiting = reader.flag();
        loadMachine(r, reader);
        r.stvec = reader.number();
        r.sscratch = reader.number();
        r.sepc = reader.number();
        r.scause = reader.number();
        r.stval = reader.number();
        r.scounteren = reader.number();
        r.senvcfg = reader.number();
        r.satp = reader.number();
        reader.numbers(r.pmpAddress);
        reader.numbers(r.pmpConfig);
        r.x[0] = 0;
    }

    private static void loadMachine(Registers r, StateReader reader) {
        r.mstatus = Status.write(Status.FIXED, reader.number(), Status.WRITABLE);
        r.medeleg = reader.number();
        r.mideleg = reader.number();
        r.mie = reader.number();
        r.mipSoftware = reader.number();
        r.lines = reader.number();
        r.mtvec = reader.number();
        r.mscratch = reader.number();
        r.mepc = reader.number();
        r.mcause = reader.number();
        r.mtval = reader.number();
        r.mcounteren = reader.number();
        r.menvcfg = reader.number();
    }

    static String describe(Registers r, FloatUnit unit) {
        StringBuilder text = new StringBuilder(2048);
        add(text, "count", r.count, "pc", r.pc);
        add(text, "privilege", r.privilege, "fcsr", (long) r.frm << 5 | unit.flags());
        for (int i = 0; i < 32; i += 2) {
            add(text, NAMES[i], r.x[i], NAMES[i + 1], r.x[i + 1]);
        }
        for (int i = 0; i < 32; i += 2) {
            add(text, "f" + i, r.f[i], "f" + (i + 1), r.f[i + 1]);
        }
        add(text, "mstatus", r.mstatus, "satp", r.satp);
        add(text, "mie", r.mie, "mip", r.pending());
        add(text, "mepc", r.mepc, "sepc", r.sepc);
        add(text, "mcause", r.mcause, "scause", r.scause);
        add(text, "mtval", r.mtval, "stval", r.stval);
        add(text, "mtvec", r.mtvec, "stvec", r.stvec);
        return text.toString();
    }

    private static void add(StringBuilder text, String name, long value, String name2, long value2) {
        text.append(String.format("%-9s %016x   %-9s %016x%n", name, value, name2, value2));
    }
}
