package io.lockstep.redirect.block;

/**
 * One request on its way through a stack. Reused: set a verb, submit, wait for the completion, set again. A layer that must be able to
 * answer its client while the layer below still works (a path that hangs) submits a request of its own instead of passing this one on.
 *
 * <p>Threading: the stack's thread.
 */
public final class BlockRequest {
    private enum Stage {
        IDLE,
        SET,
        SUBMITTED
    }

    private final long id;
    private Stage stage = Stage.IDLE;
    private BlockVerb verb = BlockVerb.READ;
    private long offset;
    private long length;
    private boolean fua;
    private boolean keepAllocated;
    private boolean fastOnly;
    private IoBuffer data;
    private int dataOffset;
    private BlockCompletion completion;
    private BlockFault fault = BlockFault.NONE;
    private long extentLength;
    private boolean extentZero;
    private boolean extentHole;

    /** Any number that tells requests of one pool apart. */
    public BlockRequest(long id) {
        this.id = id;
    }

    /** Fill {@code buffer} from {@code bufferOffset} on. The caller holds a reference to the buffer until the completion. */
    public void read(long at, int bytes, IoBuffer buffer, int bufferOffset) {
        set(BlockVerb.READ, at, bytes);
        data = buffer;
        dataOffset = bufferOffset;
    }

    /** Store {@code buffer} from {@code bufferOffset} on; {@code durable}: complete only when it survives a power cut (FUA). */
    public void write(long at, int bytes, IoBuffer buffer, int bufferOffset, boolean durable) {
        set(BlockVerb.WRITE, at, bytes);
        data = buffer;
        dataOffset = bufferOffset;
        fua = durable;
    }

    /** Make everything durable that was completed before. */
    public void flush() {
        set(BlockVerb.FLUSH, 0, 0);
    }

    /** Forget a range. */
    public void discard(long at, long bytes, boolean durable) {
        set(BlockVerb.DISCARD, at, bytes);
        fua = durable;
    }

    /**
     * Zero a range.
     *
     * @param keep the range must stay allocated (NBD: NO_HOLE)
     * @param fast answer NOT_SUPPORTED rather than write zeroes (NBD: FAST_ZERO)
     */
    public void writeZeroes(long at, long bytes, boolean durable, boolean keep, boolean fast) {
        set(BlockVerb.WRITE_ZEROES, at, bytes);
        fua = durable;
        keepAllocated = keep;
        fastOnly = fast;
    }

    /** Ask for the first run of equal kind in a range. */
    public void status(long at, long bytes) {
        set(BlockVerb.STATUS, at, bytes);
    }

    /** The same as another request, for a layer that issues it itself. */
    public void copyOf(BlockRequest other) {
        set(other.verb, other.offset, other.length);
        fua = other.fua;
        keepAllocated = other.keepAllocated;
        fastOnly = other.fastOnly;
        data = other.data;
        dataOffset = other.dataOffset;
    }

    private void set(BlockVerb next, long at, long bytes) {
        if (stage == Stage.SUBMITTED) {
            throw new IllegalStateException("request " + this + " is set while it is on its way");
        }
        stage = Stage.SET;
        verb = next;
        offset = at;
        length = bytes;
        fua = false;
        keepAllocated = false;
        fastOnly = false;
        data = null;
        dataOffset = 0;
        fault = BlockFault.NONE;
    }

    /** Submits this request to a device; {@code whenDone} is called exactly once. */
    public void submitTo(BlockDevice device, BlockCompletion whenDone) {
        if (stage != Stage.SET) {
            throw new IllegalStateException("request " + this + " is submitted without having been set");
        }
        stage = Stage.SUBMITTED;
        completion = whenDone;
        device.submit(this);
    }

    /**
     * Sends this request on to the layer below, which will complete it to the same client. Only for layers that have nothing to add
     * at the completion.
     */
    public void passTo(BlockDevice below) {
        below.submit(this);
    }

    /** Ends the request. Called by the device that took it. */
    public void complete(BlockFault how) {
        if (stage != Stage.SUBMITTED) {
            throw new IllegalStateException("request " + this + " is completed twice");
        }
        stage = Stage.IDLE;
        fault = how;
        completion.onDone(this);
    }

    /** Answers a STATUS and ends the request. */
    public void completeStatus(long runLength, boolean hole, boolean zero) {
        extentLength = runLength;
        extentHole = hole;
        extentZero = zero;
        complete(BlockFault.NONE);
    }

    /** The number it was made with. */
    public long id() {
        return id;
    }

    /** What is asked. */
    public BlockVerb verb() {
        return verb;
    }

    /** First byte. */
    public long offset() {
        return offset;
    }

    /** Bytes; fits an int for READ and WRITE. */
    public long length() {
        return length;
    }

    /** True if the completion promises that the change survives a power cut. */
    public boolean fua() {
        return fua;
    }

    /** WRITE_ZEROES: the range must stay allocated. */
    public boolean keepAllocated() {
        return keepAllocated;
    }

    /** WRITE_ZEROES: rather NOT_SUPPORTED than slow. */
    public boolean fastOnly() {
        return fastOnly;
    }

    /** READ and WRITE: the bytes, from {@link #dataOffset()} on; null for the others. */
    public IoBuffer data() {
        return data;
    }

    /** Where in {@link #data()} the bytes are. */
    public int dataOffset() {
        return dataOffset;
    }

    /** How it ended. */
    public BlockFault fault() {
        return fault;
    }

    /** STATUS: bytes of the first run, from the offset on. */
    public long extentLength() {
        return extentLength;
    }

    /** STATUS: the run is not allocated. */
    public boolean extentHole() {
        return extentHole;
    }

    /** STATUS: the run reads as zeroes. */
    public boolean extentZero() {
        return extentZero;
    }

    @Override
    public String toString() {
        return verb + " of " + length + " at " + offset + (fua ? " FUA" : "");
    }
}
