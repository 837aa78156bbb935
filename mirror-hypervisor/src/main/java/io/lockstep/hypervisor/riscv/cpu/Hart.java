package io.lockstep.hypervisor.riscv.cpu;

import io.lockstep.hypervisor.riscv.fpu.FloatUnit;
import io.lockstep.hypervisor.riscv.memory.GuestRam;
import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;
import java.util.Arrays;

/**
 * A hart: runs to an exact count of steps. Interrupts are taken between the two instructions where they become due, whatever blocks there are.
 *
 * <p>Threading: one thread. No allocation but for decoding new code.
 */
public final class Hart {
    private static final int JUMPS = 4096;
    /** Address of a block that is in no cache. */
    private static final long SPLIT = -1;

    private final Registers r = new Registers();
    private final GuestTrap trap = new GuestTrap();
    private final FloatUnit unit = new FloatUnit();
    private final Pmp pmp = new Pmp(r);
    private final GuestRam ram;
    private final BlockCache blocks;
    private final Mmu mmu;
    private final Traps traps;
    private final Interpreter interpreter;
    /** Blocks by virtual address, a part for each privilege: the TLB of instructions. */
    private final long[] jumpPc = new long[4 * JUMPS];

    private final Block[] jumpBlock = new Block[4 * JUMPS];
    private final int[] jumpsFilled = new int[4 * JUMPS];
    private int jumpCount;
    private long splitInstruction;
    private boolean stop;

    /** A hart after reset: machine mode, pc 0. */
    public Hart(GuestRam ram, Bus bus) {
        this.ram = ram;
        blocks = new BlockCache(ram);
        mmu = new Mmu(r, ram, pmp, blocks, bus, trap);
        traps = new Traps(r, mmu);
        Csrs csrs = new Csrs(r, unit, pmp, mmu, bus, traps, trap);
        interpreter = new Interpreter(
                r,
                mmu,
                new IntegerOps(r, mmu),
                new FloatOps(r, mmu, unit, trap),
                new SystemOps(r, csrs, traps, mmu, trap));
        mmu.selectRegime();
        Arrays.fill(jumpPc, 1);
    }

    /** Sets where to start and what the firmware finds in a1 and a2; a0 is this hart's number, 0. */
    public void reset(long pc, long a1, long a2) {
        r.pc = pc;
        r.x[10] = 0;
        r.x[11] = a1;
        r.x[12] = a2;
    }

    /** Steps so far. */
    public long count() {
        return r.count;
    }

    /** The exact count at the device access in progress. */
    public long now() {
        return mmu.now();
    }

    /** True while in WFI with nothing pending. */
    public boolean waiting() {
        return r.waiting;
    }

    /** Ends {@link #run} after the current instruction. */
    public void requestStop() {
        stop = true;
        mmu.end = 0;
    }

    /** Reports stores to this page of RAM to {@link Bus#watched}. */
    public void watch(int page) {
        mmu.watch(page);
    }

    /** A device's interrupt lines, as bits of mip. */
    public void lines(long mask, long value) {
        long now = (r.lines & ~mask) | (value & mask);
        if (now != r.lines) {
            r.lines = now;
            traps.refresh();
        }
    }

    /** A device wrote to RAM. */
    public void writtenByDevice(long physical, int bytes) {
        mmu.writtenByDevice(physical, bytes);
    }

    /** The marks of written pages were cleared: the next store to each page must set its mark. */
    public void rearmStores() {
        mmu.flushStores();
    }

    /** Runs to the count, unless it waits or {@link #requestStop} is called. */
    public void run(long until) {
        stop = false;
        while (r.count < until && !stop) {
            if (r.waiting) {
                return;
            }
            if (traps.ready()) {
                traps.interrupt();
            }
            step(until - r.count);
        }
    }

    private void step(long room) {
        long pc = r.pc;
        mmu.blockStart = r.count;
        Block block = null;
        try {
            block = block(pc);
            mmu.end = (int) Math.min(block.code.length, room);
            r.pc = interpreter.execute(block, pc);
            r.count += interpreter.executed();
        } catch (GuestTrap guest) {
            handle(guest, block, pc);
        }
    }

    private void handle(GuestTrap guest, Block block, long pc) {
        int index = guest.index();
        long at = block == null ? pc : pc + block.offset(index);
        long value =
                switch (guest.cause()) {
                    case GuestTrap.ILLEGAL -> instructionAt(block, index);
                    case GuestTrap.BREAKPOINT -> at;
                    default -> guest.value();
                };
        r.count += index + 1;
        r.instretBias--;
        traps.enter(guest.cause(), value, at);
    }

    private long instructionAt(Block block, int index) {
        if (block.address == SPLIT) {
            return splitInstruction;
        }
        long host = ram.hostAddress(block.address + block.offset(index));
        boolean wide = (block.wide >>> index & 1) != 0;
        return wide ? HostMemory.loadInt(host) & 0xffffffffL : HostMemory.loadShort(host);
    }

    private Block block(long pc) {
        if (mmu.takeTranslationsChanged()) {
            forgetJumps();
        }
        int slot = r.privilege * JUMPS + ((int) (pc >>> 1) & (JUMPS - 1));
        Block block = jumpBlock[slot];
        if (jumpPc[slot] == pc && block.valid) {
            return block;
        }
        return lookUp(pc, slot);
    }

    private void forgetJumps() {
        for (int i = 0; i < jumpCount; i++) {
            jumpPc[jumpsFilled[i]] = 1; // no instruction is at an odd address
        }
        jumpCount = 0;
    }

    private Block lookUp(long pc, int slot) {
        long physical = mmu.fetch(pc, 2, 0);
        if (!mmu.fetchableAsWhole(physical)) {
            return single(pc, physical);
        }
        boolean wasCode = blocks.isCode(ram.page(physical));
        Block block = blocks.find(physical);
        if (block == null) {
            return single(pc, physical);
        }
        if (!wasCode) {
            mmu.becameCode(physical);
        }
        if (jumpPc[slot] == 1) {
            jumpsFilled[jumpCount++] = slot;
        }
        jumpPc[slot] = pc;
        jumpBlock[slot] = block;
        return block;
    }

    /** One instruction in two pages, or in a page that is protected in parts: looked at each time. */
    private Block single(long pc, long physical) {
        int low = HostMemory.loadShort(ram.hostAddress(physical));
        boolean wide = (low & 3) == 3;
        int raw = low;
        if (wide) {
            long second = mmu.fetch(pc + 2, 2, 0);
            raw |= HostMemory.loadShort(ram.hostAddress(second)) << 16;
        }
        splitInstruction = raw & 0xffffffffL;
        long[] code = {Decoder.decode(wide ? raw : Compressed.expand(raw), 0)};
        return new Block(SPLIT, code, wide ? 1 : 0);
    }

    /** Saves all registers. */
    public void save(StateWriter writer) {
        HartState.save(r, unit, writer);
    }

    /** Replaces all registers; caches are emptied. */
    public void load(StateReader reader) {
        HartState.load(r, unit, reader);
        pmp.refresh();
        blocks.clear();
        mmu.flush();
        mmu.selectRegime();
        traps.refresh();
    }

    /** Registers as text. */
    public String describe() {
        return HartState.describe(r, unit);
    }
}
