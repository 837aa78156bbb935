package io.lockstep.hypervisor.riscv;

import io.lockstep.hypervisor.riscv.cpu.Hart;
import io.lockstep.hypervisor.riscv.device.Board;
import io.lockstep.hypervisor.riscv.device.BoardConfig;
import io.lockstep.hypervisor.riscv.elf.ElfException;
import io.lockstep.hypervisor.riscv.elf.ElfImage;
import io.lockstep.hypervisor.riscv.memory.GuestRam;
import io.lockstep.hypervisor.riscv.state.StateReader;
import io.lockstep.hypervisor.riscv.state.StateWriter;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.LockstepMachine;
import io.lockstep.mirror.verify.EpochDigest;
import java.util.OptionalLong;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The machine: load something, {@link #start} it, run it. Threading: one thread at a time.
 *
 * <pre>
 *   try (RiscvMachine machine = new RiscvMachine(MachineConfig.ofRam(64 &lt;&lt; 20))) {
 *       machine.load(ElfImage.parse(bytes));       // entry, segments, tohost
 *       while (machine.run(Long.MAX_VALUE) != Stop.ENDED) { machine.drainOutput(...); machine.inject(...); }
 *   }
 * </pre>
 */
public final class RiscvMachine implements LockstepMachine {
    private static final int STATE_BYTES = 1 << 18;
    private static final int PART_HART = 1;
    private static final int PART_BOARD = 2;
    private static final String[] CHANNELS = {"clock", "console", "stream", "network", "entropy"};

    private final MachineConfig config;
    private final GuestRam ram;
    private final Board board;
    private final Hart hart;
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[STATE_BYTES]);
    private final StateWriter writer = new StateWriter();
    private final StateReader reader = new StateReader();

    /** A machine after reset, with empty RAM. */
    public RiscvMachine(MachineConfig config) {
        this.config = config;
        ram = new GuestRam(config.ramBytes());
        board = new Board(ram, new BoardConfig(config.stepsPerTick(), config.mac(), config.disk()));
        hart = new Hart(ram, board);
        board.connect(hart);
    }

    /** What it was built from. */
    public MachineConfig config() {
        return config;
    }

    /**
     * Loads a program and starts at its entry, with the hart's number in a0 and zero in a1.
     *
     * @throws ElfException if it does not fit into RAM
     */
    public void load(ElfImage image) {
        for (ElfImage.Segment each : image.segments()) {
            if (!ram.contains(each.physical(), each.memoryBytes())) {
                throw new ElfException(
                        ElfException.Problem.OUTSIDE_RAM,
                        String.format(
                                "a segment of the ELF lies outside RAM: %x to %x, RAM is %x to %x",
                                each.physical(),
                                each.physical() + each.memoryBytes(),
                                GuestRam.BASE,
                                GuestRam.BASE + ram.bytes()));
            }
            load(each.physical(), image.file(), each.fileOffset(), each.fileBytes());
        }
        if (!ram.contains(image.entry(), 2)) {
            throw new ElfException(
                    ElfException.Problem.OUTSIDE_RAM,
                    "the entry of the ELF lies outside RAM: " + Long.toHexString(image.entry()));
        }
        OptionalLong toHost = image.symbol("tohost");
        if (toHost.isPresent() && ram.contains(toHost.getAsLong(), Long.BYTES)) {
            long fromHost = image.symbol("fromhost").orElse(-1);
            board.htif(toHost.getAsLong(), ram.contains(fromHost, Long.BYTES) ? fromHost : -1);
        }
        start(image.entry(), 0, 0);
    }

    /** Copies bytes into RAM, before the start. */
    public void load(long address, byte[] bytes, int offset, int length) {
        hart.writtenByDevice(address, Math.max(1, length));
        ram.write(address, new UnsafeBuffer(bytes), offset, length);
    }

    /** Where to start: pc, a1 and a2; a0 is the hart's number, 0. */
    public void start(long pc, long a1, long a2) {
        hart.reset(pc, a1, a2);
    }

    @Override
    public long instructionCount() {
        return hart.count();
    }

    @Override
    public Stop run(long untilCount) {
        while (true) {
            if (board.ended()) {
                return Stop.ENDED;
            }
            if (board.takeUrgent() || board.isOutputFull()) {
                return Stop.OUTPUT;
            }
            long count = hart.count();
            if (count >= board.timerCount()) {
                board.timerReached(); // before anybody looks at the state of this count
            }
            if (count >= untilCount) {
                return Stop.COUNT;
            }
            if (hart.waiting()) {
                return Stop.IDLE;
            }
            hart.run(Math.min(untilCount, board.timerCount()));
        }
    }

    @Override
    public long timeNs() {
        return board.timeNs();
    }

    @Override
    public long deadlineNs() {
        return board.deadlineNs();
    }

    @Override
    public String[] channels() {
        return CHANNELS.clone();
    }

    @Override
    public boolean accepts(int channel, int length) {
        return board.accepts(channel, length);
    }

    @Override
    public void inject(int channel, DirectBuffer buffer, int offset, int length) {
        if (!board.accepts(channel, length)) {
            throw new IllegalArgumentException(
                    "the machine does not accept " + length + " bytes on channel " + channel + " at " + hart.count());
        }
        board.inject(channel, buffer, offset, length);
    }

    @Override
    public int drainOutput(OutputHandler handler, int limit) {
        return board.drain(handler, limit);
    }

    @Override
    public PageRegion memory() {
        return ram.region();
    }

    @Override
    public void memoryReplaced(long page) {
        ram.written(Math.toIntExact(page));
        hart.writtenByDevice(GuestRam.BASE + page * PageRegion.PAGE_SIZE, PageRegion.PAGE_SIZE);
    }

    @Override
    public void harvestWritten(PageSet into) {
        ram.harvest(into);
        hart.rearmStores();
    }

    @Override
    public int maxStateBytes() {
        return STATE_BYTES;
    }

    @Override
    public int saveState(MutableDirectBuffer target, int offset) {
        writer.wrap(target, offset);
        writer.tag(PART_HART);
        hart.save(writer);
        writer.tag(PART_BOARD);
        board.save(writer);
        return writer.length();
    }

    @Override
    public void loadState(DirectBuffer source, int offset, int length) {
        reader.wrap(source, offset, length);
        reader.tag(PART_HART);
        hart.load(reader);
        reader.tag(PART_BOARD);
        board.load(reader);
        reader.done();
    }

    @Override
    public long stateDigest() {
        int length = saveState(scratch, 0);
        return EpochDigest.ofBytes(scratch, 0, length);
    }

    @Override
    public long memoryDigest() {
        long digest = ram.digest();
        hart.rearmStores();
        return digest;
    }

    @Override
    public long pageDigest(long page) {
        return ram.pageDigest(page);
    }

    @Override
    public String describeState() {
        return hart.describe();
    }

    @Override
    public String endReason() {
        return board.endReason();
    }

    /** What the guest ended with; 0 for good. Valid after {@link Stop#ENDED}. */
    public long endCode() {
        return board.endCode();
    }

    @Override
    public void close() {
        ram.close();
    }
}
