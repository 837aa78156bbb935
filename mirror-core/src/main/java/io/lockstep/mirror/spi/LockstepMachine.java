package io.lockstep.mirror.spi;

import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.memory.PageSet;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * A machine that computes everything from its state and the events injected into it: two machines with equal state, given the same
 * events at the same instruction counts, are equal at every later count. How a run is cut into calls of {@link #run} makes no difference.
 *
 * <pre>
 *   run(until) -> COUNT | IDLE | OUTPUT | ENDED        at exactly instructionCount()
 *   inject(channel, bytes)                             an event, stamped by the caller with instructionCount()
 *   drainOutput(handler)                               what the guest said, each piece with the count at which it said it
 * </pre>
 *
 * <p>The machine reads no clock. Guest time is a function of the instruction count and of the last event on {@link #CLOCK}; while the
 * guest is idle no instruction is executed, so its time stands still until an event moves it.
 *
 * <p>Threading: one thread at a time. {@code run}, {@code inject} and {@code drainOutput} allocate nothing.
 */
public interface LockstepMachine extends AutoCloseable {
    /** The event channel that sets the guest's clock: 8 bytes, little endian, nanoseconds since the machine's start. */
    int CLOCK = 0;

    /** Why {@link #run} returned. */
    enum Stop {
        /** The instruction count asked for is reached. */
        COUNT,
        /** The guest waits for an interrupt: only an event makes it go on. {@link #deadlineNs()} says until when it wants to sleep. */
        IDLE,
        /** The guest said something that should leave soon, or the buffer for outputs is half full. */
        OUTPUT,
        /** The guest is off, or can do no more: {@link #endReason()}. Nothing can be executed any more. */
        ENDED
    }

    /** Takes one output. */
    @FunctionalInterface
    interface OutputHandler {
        /**
         * One piece of output; the buffer is valid only during the call.
         *
         * @param count instructions executed when the guest said it: all events up to and including this count may have caused it
         * @param channel which device said it
         */
        void onOutput(long count, int channel, DirectBuffer buffer, int offset, int length);
    }

    /** Steps executed since the machine's start: retired instructions and traps. Never decreases, part of the state. */
    long instructionCount();

    /**
     * Executes until the count is reached, the guest is idle, has said something urgent, or ends. Returns {@link Stop#COUNT} at once if the
     * count is reached already.
     */
    Stop run(long untilCount);

    /** The guest's clock now, nanoseconds since the machine's start. */
    long timeNs();

    /** Guest time at which its timer will interrupt it, {@code Long.MAX_VALUE} for never. */
    long deadlineNs();

    /** Names of the channels by number; {@link #CLOCK} is the first. */
    String[] channels();

    /**
     * True if an event of that many bytes can be injected now. A stream device says false while its queue is full: the caller keeps the bytes
     * (back-pressure); a network card may say true and drop the frame by its own, deterministic rules. A clock is always accepted; one that
     * would go back is ignored.
     */
    boolean accepts(int channel, int length);

    /**
     * Injects an event at the current count.
     *
     * @throws IllegalArgumentException if there is no such channel, or it does not accept so many bytes: the log and the machine disagree
     */
    void inject(int channel, DirectBuffer buffer, int offset, int length);

    /** Hands over and forgets the outputs, oldest first; at most {@code limit}. Returns how many. */
    int drainOutput(OutputHandler handler, int limit);

    /** Guest memory. Whoever writes to it between two runs says so with {@link #memoryReplaced}. */
    PageRegion memory();

    /** The page was written from outside (a checkpoint was applied). */
    void memoryReplaced(long page);

    /** Adds the pages written since the last call, by the guest, its devices or from outside. The first call adds every page. */
    void harvestWritten(PageSet into);

    /** Most bytes that {@link #saveState} writes. */
    int maxStateBytes();

    /**
     * Saves everything except memory: registers, devices with their queues, clock, counts. Outputs that were not drained are not part of it.
     * Returns the number of bytes.
     */
    int saveState(MutableDirectBuffer target, int offset);

    /**
     * Replaces everything except memory.
     *
     * @throws IllegalArgumentException if the bytes are not a state of this kind of machine; the machine is then unusable
     */
    void loadState(DirectBuffer source, int offset, int length);

    /** Digest of what {@link #saveState} saves. */
    long stateDigest();

    /** Digest of memory; costs in proportion to the pages written since the last call. */
    long memoryDigest();

    /** Digest of one page as {@link #memoryDigest} counts it, to find out which differ. */
    long pageDigest(long page);

    /** Registers as text, for people. */
    String describeState();

    /** Why {@link #run} returned {@link Stop#ENDED}; empty otherwise. */
    String endReason();

    @Override
    void close();
}
