package io.lockstep.mirror.lockstep;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import io.lockstep.mirror.spi.LockstepMachine;
import io.lockstep.mirror.verify.EpochDigest;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A tiny deterministic machine. For each byte it gets it computes for a while, then says 16 bytes: a hash of all bytes so far, and its time.
 * Its timer fires each millisecond of its time; then it computes too.
 */
final class ToyMachine implements LockstepMachine {
    static final int PAGES = 24;
    static final int INPUT = 1;
    static final int REPLY = 16;
    private static final int QUEUE = 32;
    private static final int WORK = 37;
    private static final long TIMER_NS = 1_000_000;
    private static final int STATE = 8 * 8 + QUEUE;

    private final PageRegion memory = PageRegion.onHeap(PAGES);
    private final UnsafeBuffer queue = new UnsafeBuffer(new byte[QUEUE]);
    private final PageSet written = new PageSet(PAGES);
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[STATE]);
    private final UnsafeBuffer said = new UnsafeBuffer(new byte[64 * (8 + REPLY)]);
    private final int overshoot;
    private int pieces;
    private long count;
    private int size;
    private long hash;
    private long noise;
    private long busy;
    private long answering;
    private long baseNs;
    private long baseCount;
    private long deadline = TIMER_NS;

    ToyMachine() {
        this(0);
    }

    /** With a planted mistake: executes so many instructions more than it is asked to. */
    ToyMachine(int overshoot) {
        this.overshoot = overshoot;
        written.addAll();
    }

    @Override
    public long instructionCount() {
        return count;
    }

    @Override
    public Stop run(long untilCount) {
        while (true) {
            if (pieces >= 32) {
                return Stop.OUTPUT;
            }
            if (count >= untilCount + (count > 0 ? overshoot : 0)) {
                return Stop.COUNT;
            }
            if (busy == 0 && size == 0 && timeNs() < deadline) {
                return Stop.IDLE;
            }
            if (step()) {
                return Stop.OUTPUT;
            }
        }
    }

    private boolean step() {
        if (busy == 0) {
            if (size > 0) {
                hash = (hash ^ queue.getByte(0)) * 0x100000001B3L + 7;
                queue.putBytes(0, queue, 1, --size);
                answering = 1;
            } else {
                deadline = timeNs() + TIMER_NS;
                answering = 0;
            }
            busy = WORK;
        }
        count++;
        busy--;
        noise = (noise ^ timeNs()) * 0x5851F42D4C957F2DL + count;
        int page = (int) (noise >>> 40) % 7;
        memory.chunk(page).putLong(memory.offset(page) + 8 * (int) (count % 512), noise ^ hash);
        written.add(page);
        if (busy == 0 && answering == 1) {
            int at = pieces++ * (8 + REPLY);
            said.putLong(at, count);
            said.putLong(at + 8, hash);
            said.putLong(at + 16, timeNs());
            return true;
        }
        return false;
    }

    /** A bit of a register. */
    void flipRegister() {
        noise ^= 1L << 17;
    }

    @Override
    public long timeNs() {
        return baseNs + (count - baseCount) * 10;
    }

    @Override
    public long deadlineNs() {
        return deadline;
    }

    @Override
    public String[] channels() {
        return new String[] {"clock", "input"};
    }

    @Override
    public boolean accepts(int channel, int length) {
        return channel == CLOCK ? length == Long.BYTES : channel == INPUT && length <= QUEUE - size;
    }

    @Override
    public void inject(int channel, DirectBuffer buffer, int offset, int length) {
        if (!accepts(channel, length)) {
            throw new IllegalArgumentException("channel " + channel + ", " + length + " bytes");
        }
        if (channel == CLOCK) {
            if (buffer.getLong(offset) > timeNs()) {
                baseNs = buffer.getLong(offset);
                baseCount = count;
            }
        } else {
            queue.putBytes(size, buffer, offset, length);
            size += length;
        }
    }

    @Override
    public int drainOutput(OutputHandler handler, int limit) {
        int done = Math.min(limit, pieces);
        for (int i = 0; i < done; i++) {
            int at = i * (8 + REPLY);
            handler.onOutput(said.getLong(at), INPUT, said, at + 8, REPLY);
        }
        said.putBytes(0, said, done * (8 + REPLY), (pieces - done) * (8 + REPLY));
        pieces -= done;
        return done;
    }

    @Override
    public PageRegion memory() {
        return memory;
    }

    @Override
    public void memoryReplaced(long page) {
        written.add(page);
    }

    @Override
    public void harvestWritten(PageSet into) {
        into.addAll(written);
        written.clear();
    }

    @Override
    public int maxStateBytes() {
        return STATE;
    }

    @Override
    public int saveState(MutableDirectBuffer target, int offset) {
        target.putLong(offset, count);
        target.putLong(offset + 8, hash);
        target.putLong(offset + 16, noise);
        target.putLong(offset + 24, busy);
        target.putLong(offset + 32, answering);
        target.putLong(offset + 40, baseNs);
        target.putLong(offset + 48, baseCount);
        target.putLong(offset + 56, deadline);
        target.putBytes(offset + 64, queue, 0, size);
        return 64 + size;
    }

    @Override
    public void loadState(DirectBuffer source, int offset, int length) {
        if (length < 64 || length > STATE) {
            throw new IllegalArgumentException("state of " + length + " bytes");
        }
        count = source.getLong(offset);
        hash = source.getLong(offset + 8);
        noise = source.getLong(offset + 16);
        busy = source.getLong(offset + 24);
        answering = source.getLong(offset + 32);
        baseNs = source.getLong(offset + 40);
        baseCount = source.getLong(offset + 48);
        deadline = source.getLong(offset + 56);
        size = length - 64;
        queue.putBytes(0, source, offset + 64, size);
        pieces = 0;
    }

    @Override
    public long stateDigest() {
        return EpochDigest.ofBytes(scratch, 0, saveState(scratch, 0));
    }

    @Override
    public long memoryDigest() {
        long digest = 0;
        for (int page = 0; page < PAGES; page++) {
            digest ^= pageDigest(page);
        }
        return digest;
    }

    @Override
    public long pageDigest(long page) {
        return EpochDigest.ofPage(page, memory.chunk(page), memory.offset(page));
    }

    @Override
    public String describeState() {
        return "count " + count + " noise " + noise;
    }

    @Override
    public String endReason() {
        return "";
    }

    @Override
    public void close() {
        // nothing to give back
    }
}
