package io.lockstep.hypervisor.riscv.cpu;

import io.lockstep.hypervisor.riscv.memory.GuestRam;
import org.agrona.UnsafeApi;

/**
 * Loads and stores of the hart. The fast path is one look into a TLB of 256 direct-mapped entries a regime, each a page's address and what to add to
 * get to host memory. The tag is compared with the page of the access's last byte, so accesses that leave the page take the slow path, too.
 *
 * <p>The store TLB holds only pages whose written mark is set, without decoded code and not watched: so a store through it has no duties.
 */
final class Mmu {
    private final Registers registers;
    private final GuestRam ram;
    private final Pmp pmp;
    private final PageWalk walk;
    private final BlockCache blocks;
    private final Bus bus;
    private final GuestTrap trap;
    private final TableMarks tables;
    private final Tlb loadTlb = new Tlb();
    private final Tlb storeTlb = new Tlb();
    private final long[] loads = loadTlb.pairs;
    private final long[] stores = storeTlb.pairs;
    private int base;
    private int dataPrivilege;
    private int watchedPage = -1;
    private boolean translationsChanged;

    /** The interpreter stops before the instruction with this index; the slow path lowers it to end a block early. */
    int end;
    /** Count at the current block's start. */
    long blockStart;

    private long now;

    Mmu(Registers registers, GuestRam ram, Pmp pmp, BlockCache blocks, Bus bus, GuestTrap trap) {
        this.registers = registers;
        this.ram = ram;
        this.pmp = pmp;
        this.tables = new TableMarks(Math.toIntExact(ram.bytes() >>> 12));
        this.walk = new PageWalk(registers, ram, pmp, this);
        this.blocks = blocks;
        this.bus = bus;
        this.trap = trap;
    }

    /** The exact count at the access a device is just asked for. */
    long now() {
        return now;
    }

    /** Stores to this page are reported to the bus. */
    void watch(int page) {
        watchedPage = page;
        flushStores();
    }

    /** Forgets all translations. */
    void flush() {
        loadTlb.clear();
        storeTlb.clear();
        tables.clear();
        translationsChanged = true;
    }

    /** Each page's next store comes to the slow path, which marks it as written. */
    void flushStores() {
        storeTlb.clear();
    }

    /** True once after translations were forgotten: whoever caches instruction addresses forgets them, too. */
    boolean takeTranslationsChanged() {
        boolean changed = translationsChanged;
        translationsChanged = false;
        return changed;
    }

    /** A page table entry is about to be used. */
    void tableUsed(long slot) {
        int page = ram.page(slot);
        if (tables.mark(page, slot)) {
            storeTlb.remove(ram.hostAddress(slot & -4096));
        }
    }

    /** The walk set a bit in a page table entry, which therefore is not a reason to forget translations. */
    void tableMarked(long slot) {
        if (blocks.isCode(ram.page(slot)) && blocks.stored(slot, Long.BYTES)) {
            end = 0;
        }
    }

    /** The page has decoded instructions now. */
    void becameCode(long physical) {
        storeTlb.remove(ram.hostAddress(physical & -4096));
    }

    /** After each change of privilege, mstatus or satp: under whose rules loads and stores are. */
    void selectRegime() {
        int privilege = registers.privilege;
        if (privilege == Registers.MACHINE && (registers.mstatus & Status.MPRV) != 0) {
            privilege = (int) ((registers.mstatus & Status.MPP) >>> Status.MPP_SHIFT);
        }
        dataPrivilege = privilege;
        boolean sum = privilege == Registers.SUPERVISOR && (registers.mstatus & Status.SUM) != 0;
        base = (sum ? 2 : privilege) * Tlb.REGIME;
    }

    private int slot(long address) {
        return base + ((int) (address >>> 11) & (Tlb.REGIME - 2));
    }

    byte load8(long address, int index) {
        int slot = slot(address);
        return loads[slot] == (address & -4096)
                ? UnsafeApi.getByte(address + loads[slot + 1])
                : (byte) slowLoad(address, 1, index);
    }

    short load16(long address, int index) {
        int slot = slot(address);
        return loads[slot] == (address + 1 & -4096)
                ? UnsafeApi.getShort(address + loads[slot + 1])
                : (short) slowLoad(address, 2, index);
    }

    int load32(long address, int index) {
        int slot = slot(address);
        return loads[slot] == (address + 3 & -4096)
                ? UnsafeApi.getInt(address + loads[slot + 1])
                : (int) slowLoad(address, 4, index);
    }

    long load64(long address, int index) {
        int slot = slot(address);
        return loads[slot] == (address + 7 & -4096)
                ? UnsafeApi.getLong(address + loads[slot + 1])
                : slowLoad(address, 8, index);
    }

    void store8(long address, long value, int index) {
        int slot = slot(address);
        if (stores[slot] == (address & -4096)) {
            UnsafeApi.putByte(address + stores[slot + 1], (byte) value);
        } else {
            slowStore(address, 1, value, index);
        }
    }

    void store16(long address, long value, int index) {
        int slot = slot(address);
        if (stores[slot] == (address + 1 & -4096)) {
            UnsafeApi.putShort(address + stores[slot + 1], (short) value);
        } else {
            slowStore(address, 2, value, index);
        }
    }

    void store32(long address, long value, int index) {
        int slot = slot(address);
        if (stores[slot] == (address + 3 & -4096)) {
            UnsafeApi.putInt(address + stores[slot + 1], (int) value);
        } else {
            slowStore(address, 4, value, index);
        }
    }

    void store64(long address, long value, int index) {
        int slot = slot(address);
        if (stores[slot] == (address + 7 & -4096)) {
            UnsafeApi.putLong(address + stores[slot + 1], value);
        } else {
            slowStore(address, 8, value, index);
        }
    }

    /** Physical address of an instruction. */
    long fetch(long pc, int bytes, int index) {
        long physical = walk.translate(pc, PageWalk.FETCH, registers.privilege);
        if (physical < 0) {
            throw trap.with(physical == PageWalk.PAGE_FAULT ? GuestTrap.FETCH_PAGE : GuestTrap.FETCH_ACCESS, pc, index);
        }
        if (!ram.contains(physical, bytes) || !pmp.allows(physical, bytes, Pmp.EXECUTE, registers.privilege)) {
            throw trap.with(GuestTrap.FETCH_ACCESS, pc, index);
        }
        return physical;
    }

    /** True if all of the page may be executed if its first byte may. */
    boolean fetchableAsWhole(long physical) {
        return registers.privilege == Registers.MACHINE || pmp.wholePage(physical & -4096);
    }

    private long translate(long address, int bytes, int access, int index) {
        long physical = walk.translate(address, access, dataPrivilege);
        boolean store = access == PageWalk.STORE;
        if (physical == PageWalk.PAGE_FAULT) {
            throw trap.with(store ? GuestTrap.STORE_PAGE : GuestTrap.LOAD_PAGE, address, index);
        }
        boolean exists = physical >= 0 && (ram.contains(physical, bytes) || bus.covers(physical, bytes));
        if (!exists || !pmp.allows(physical, bytes, store ? Pmp.WRITE : Pmp.READ, dataPrivilege)) {
            throw trap.with(store ? GuestTrap.STORE_ACCESS : GuestTrap.LOAD_ACCESS, address, index);
        }
        return physical;
    }

    private static boolean crosses(long address, int bytes) {
        return (address & 4095) + bytes > 4096;
    }

    long slowLoad(long address, int bytes, int index) {
        if (crosses(address, bytes)) {
            int first = 4096 - (int) (address & 4095);
            long low = translate(address, first, PageWalk.LOAD, index);
            long high = translate(address + first, bytes - first, PageWalk.LOAD, index);
            long value = 0;
            for (int i = 0; i < bytes; i++) {
                value |= read(i < first ? low + i : high + (i - first), 1, index) << (8 * i);
            }
            return value;
        }
        long physical = translate(address, bytes, PageWalk.LOAD, index);
        if (ram.contains(physical, bytes) && pmp.wholePage(physical & -4096)) {
            loadTlb.put(slot(address), address & -4096, ram.hostAddress(physical) - address);
        }
        return read(physical, bytes, index);
    }

    private long read(long physical, int bytes, int index) {
        if (ram.contains(physical, bytes)) {
            return HostMemory.load(ram.hostAddress(physical), bytes);
        }
        now = blockStart + index;
        end = 0;
        return bus.load(physical, bytes);
    }

    void slowStore(long address, int bytes, long value, int index) {
        if (crosses(address, bytes)) {
            int first = 4096 - (int) (address & 4095);
            long low = translate(address, first, PageWalk.STORE, index);
            long high = translate(address + first, bytes - first, PageWalk.STORE, index);
            for (int i = 0; i < bytes; i++) {
                write(i < first ? low + i : high + (i - first), 1, value >>> (8 * i), index);
            }
            return;
        }
        long physical = translate(address, bytes, PageWalk.STORE, index);
        write(physical, bytes, value, index);
        rememberStore(address, physical);
    }

    private void rememberStore(long address, long physical) {
        if (!ram.contains(physical, 1)) {
            return;
        }
        int page = ram.page(physical);
        boolean plain = page != watchedPage && !blocks.isCode(page) && !tables.isTable(page);
        if (plain && pmp.wholePage(physical & -4096)) {
            storeTlb.put(slot(address), address & -4096, ram.hostAddress(physical) - address);
        }
    }

    private void write(long physical, int bytes, long value, int index) {
        now = blockStart + index;
        if (!ram.contains(physical, bytes)) {
            end = 0;
            bus.store(physical, bytes, value);
            return;
        }
        int page = ram.page(physical);
        ram.written(page);
        boolean inUse = tables.isTable(page) && endsTranslations(physical, bytes);
        HostMemory.store(ram.hostAddress(physical), bytes, value);
        if (inUse) {
            flush();
            end = 0;
        }
        if (blocks.isCode(page) && blocks.stored(physical, bytes)) {
            end = 0;
        }
        if (page == watchedPage) {
            end = 0;
            bus.watched(physical, bytes);
        }
    }

    /** True if bytes are in a used line and their entry was valid: an invalid one is never cached. */
    private boolean endsTranslations(long physical, int bytes) {
        long first = physical & -8;
        long last = physical + bytes - 1 & -8;
        return isUsedEntry(first) || (last != first && isUsedEntry(last));
    }

    private boolean isUsedEntry(long slot) {
        return ram.contains(slot, Long.BYTES)
                && tables.isUsed(ram.page(slot), slot)
                && (HostMemory.load(ram.hostAddress(slot), 1) & 1) != 0;
    }

    /** A device or somebody outside is about to write, or has written, to RAM. */
    void writtenByDevice(long physical, int bytes) {
        int last = ram.page(physical + bytes - 1);
        for (int page = ram.page(physical); page <= last; page++) {
            if (tables.isTable(page)) {
                flush();
                end = 0;
            }
        }
        if (blocks.stored(physical, bytes)) {
            end = 0;
        }
    }

    /** Physical address for an atomic of {@code bytes}; it is RAM, aligned, and may be written unless only loaded. */
    long atomicAddress(long address, int bytes, boolean onlyLoad, int index) {
        if ((address & bytes - 1) != 0) {
            throw trap.with(onlyLoad ? GuestTrap.LOAD_MISALIGNED : GuestTrap.STORE_MISALIGNED, address, index);
        }
        long physical = translate(address, bytes, onlyLoad ? PageWalk.LOAD : PageWalk.STORE, index);
        if (!ram.contains(physical, bytes)) {
            throw trap.with(onlyLoad ? GuestTrap.LOAD_ACCESS : GuestTrap.STORE_ACCESS, address, index);
        }
        return physical;
    }

    long readPhysical(long physical, int bytes, int index) {
        return read(physical, bytes, index);
    }

    void writePhysical(long physical, int bytes, long value, int index) {
        write(physical, bytes, value, index);
    }
}
