package io.lockstep.hypervisor.riscv.device;

import io.lockstep.hypervisor.riscv.cpu.Bus;
import io.lockstep.hypervisor.riscv.cpu.Hart;
import io.lockstep.hypervisor.riscv.memory.GuestRam;
import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;
import io.lockstep.mirror.spi.LockstepMachine.OutputHandler;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/** All devices of the machine, and the hart's bus to them. Threading: one thread. No allocation while running. */
public final class Board implements Bus {
    /** Event channel of the clock. */
    public static final int CLOCK = 0;
    /** Input and output channel of the UART and the HTIF console. */
    public static final int CONSOLE = 1;
    /** Input and output channel of the virtio console: a stream of bytes. */
    public static final int STREAM = 2;
    /** Input and output channel of the network card: one frame each. */
    public static final int NETWORK = 3;
    /** Input channel of the entropy device. */
    public static final int ENTROPY = 4;

    private static final int MACHINE_SOFTWARE = 1 << 3;
    private static final int MACHINE_TIMER = 1 << 7;
    private static final int SUPERVISOR_EXTERNAL = 1 << 9;
    private static final int MACHINE_EXTERNAL = 1 << 11;

    private final GuestRam ram;
    private final Clock clock;
    private final Clint clint;
    private final Plic plic = new Plic(this);
    private final Uart uart = new Uart(this);
    private final Finisher finisher = new Finisher(this);
    private final Htif htif;
    private final VirtioBay virtio;
    private final Output output = new Output();
    private Hart hart;
    private long timerCount = Long.MAX_VALUE;
    private boolean urgent;
    private boolean ended;
    private long endCode;
    private String endReason = "";

    /** Builds the board; {@link #connect} follows. */
    public Board(GuestRam ram, BoardConfig config) {
        this.ram = ram;
        clock = new Clock(config.stepsPerTick());
        clint = new Clint(clock, this);
        htif = new Htif(this, ram);
        virtio = new VirtioBay(this, ram, config);
    }

    /** Tells the board its hart. */
    public void connect(Hart newHart) {
        hart = newHart;
    }

    /** Where the words of the host-target interface are; the second one is -1 if there is none. */
    public void htif(long toHost, long fromHost) {
        htif.at(toHost, fromHost);
        hart.watch(ram.page(toHost));
    }

    long now() {
        return hart.now();
    }

    private Device at(long address) {
        if (address >= Uart.BASE && address < Uart.BASE + Uart.SIZE) {
            return uart;
        }
        if (address >= VirtioBay.BASE && address < VirtioBay.BASE + VirtioBay.SIZE) {
            return virtio;
        }
        if (address >= Plic.BASE && address < Plic.BASE + Plic.SIZE) {
            return plic;
        }
        if (address >= Clint.BASE && address < Clint.BASE + Clint.SIZE) {
            return clint;
        }
        return address >= Finisher.BASE && address < Finisher.BASE + Finisher.SIZE ? finisher : null;
    }

    private static int offset(long address, Device device) {
        long base = device instanceof Uart
                ? Uart.BASE
                : device instanceof VirtioBay
                        ? VirtioBay.BASE
                        : device instanceof Plic ? Plic.BASE : device instanceof Clint ? Clint.BASE : Finisher.BASE;
        return (int) (address - base);
    }

    @Override
    public boolean covers(long address, int bytes) {
        Device device = at(address);
        return device != null && device == at(address + bytes - 1);
    }

    @Override
    public long load(long address, int bytes) {
        Device device = at(address);
        return Field.read(device.load(offset(address, device), bytes), 0, bytes);
    }

    @Override
    public void store(long address, int bytes, long value) {
        Device device = at(address);
        device.store(offset(address, device), bytes, Field.read(value, 0, bytes));
    }

    @Override
    public void watched(long address, int bytes) {
        htif.written(address, bytes);
    }

    @Override
    public long time(long count) {
        return clock.ticks(count);
    }

    /** A device's interrupt line. */
    void line(int source, boolean high) {
        plic.line(source, high);
    }

    void refreshExternal() {
        long value = (plic.asks(0) ? MACHINE_EXTERNAL : 0) | (plic.asks(1) ? SUPERVISOR_EXTERNAL : 0);
        hart.lines(MACHINE_EXTERNAL | SUPERVISOR_EXTERNAL, value);
    }

    /** After a change of time, comparator or count. */
    void refreshTimer(long count) {
        boolean due = clint.timerDue(count);
        timerCount = due ? Long.MAX_VALUE : clock.countAt(clint.compare(), count);
        hart.requestStop(); // it runs to the old count, which may be too far now
        hart.lines(
                MACHINE_TIMER | MACHINE_SOFTWARE,
                (due ? MACHINE_TIMER : 0) | (clint.software() ? MACHINE_SOFTWARE : 0));
    }

    /** The count at which the timer interrupts; the hart has to stop there. */
    public long timerCount() {
        return timerCount;
    }

    /** The hart has reached {@link #timerCount}. */
    public void timerReached() {
        refreshTimer(hart.count());
    }

    /** The guest's clock, in nanoseconds. */
    public long timeNs() {
        return clock.ticks(hart.count()) * Clock.NS_PER_TICK;
    }

    /** When the timer interrupts, in nanoseconds; {@code Long.MAX_VALUE} for never. */
    public long deadlineNs() {
        long compare = clint.compare();
        return compare < 0 || compare > Long.MAX_VALUE / Clock.NS_PER_TICK
                ? Long.MAX_VALUE
                : compare * Clock.NS_PER_TICK;
    }

    /** A device writes 8 bytes to RAM. */
    void write(long address, long value) {
        hart.writtenByDevice(address, Long.BYTES);
        ram.writeLong(address, value);
    }

    /** A device is about to write to RAM, or has. */
    void written(long address, int bytes) {
        hart.writtenByDevice(address, bytes);
    }

    void say(int channel, int value) {
        output.put(now(), channel, value);
        stopIfFull();
    }

    /** Something that should leave soon. */
    void say(int channel, DirectBuffer source, int offset, int length) {
        output.put(now(), channel, source, offset, length);
        urgent = true;
        hart.requestStop();
    }

    private void stopIfFull() {
        if (output.isFull()) {
            urgent = true;
            hart.requestStop();
        }
    }

    /** True once after something urgent was said. */
    public boolean takeUrgent() {
        boolean was = urgent;
        urgent = false;
        return was;
    }

    /** Hands over outputs; see {@link io.lockstep.mirror.spi.LockstepMachine#drainOutput}. */
    public int drain(OutputHandler handler, int limit) {
        return output.drain(handler, limit);
    }

    /** True if the outputs would leave too little room to go on. */
    public boolean isOutputFull() {
        return output.isFull();
    }

    void end(long code, String reason) {
        ended = true;
        endCode = code;
        endReason = reason;
        hart.requestStop();
    }

    /** True after the guest ended itself. */
    public boolean ended() {
        return ended;
    }

    /** What the guest ended with; 0 for good. */
    public long endCode() {
        return endCode;
    }

    /** How the guest ended; empty if it has not. */
    public String endReason() {
        return endReason;
    }

    /** See {@link io.lockstep.mirror.spi.LockstepMachine#accepts}. */
    public boolean accepts(int channel, int length) {
        return switch (channel) {
            case CLOCK -> length == Long.BYTES;
            case CONSOLE -> uart.accepts(length);
            default -> virtio.accepts(channel, length);
        };
    }

    /** An event that {@link #accepts} would accept. */
    public void inject(int channel, DirectBuffer source, int offset, int length) {
        switch (channel) {
            case CLOCK -> setClock(source.getLong(offset, ByteOrder.LITTLE_ENDIAN));
            case CONSOLE -> uart.receive(source, offset, length);
            default -> virtio.inject(channel, source, offset, length);
        }
    }

    private void setClock(long ns) {
        long ticks = ns / Clock.NS_PER_TICK;
        long count = hart.count();
        if (ticks > clock.ticks(count)) {
            clock.set(ticks, count);
            refreshTimer(count);
        }
    }

    /** Saves all devices. */
    public void save(StateWriter writer) {
        clock.save(writer);
        clint.save(writer);
        plic.save(writer);
        uart.save(writer);
        virtio.save(writer);
        writer.flag(ended);
        writer.number(endCode);
    }

    /** Loads all devices; the hart is loaded before. */
    public void load(StateReader reader) {
        clock.load(reader);
        clint.load(reader);
        plic.load(reader);
        uart.load(reader);
        virtio.load(reader);
        ended = reader.flag();
        endCode = reader.number();
        endReason = ended ? "the guest had ended" : "";
        output.clear();
        urgent = false;
        refreshTimer(hart.count());
        refreshExternal();
    }
}
