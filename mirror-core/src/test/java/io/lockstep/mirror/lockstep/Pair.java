package io.lockstep.mirror.lockstep;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A primary, a secondary, the world around them, and what an outside observer saw. The world keeps its inputs until it knows that they are
 * in the log, as TCP does, and knows how many bytes of output it has seen.
 */
final class Pair {
    static final LockstepPolicy POLICY = new LockstepPolicy(50, 400, 2_000, 1 << 14, 1 << 19, 50_000, 2);
    private static final int MAX_BULK = 5_000;

    final Random random;
    final LockstepPolicy policy;
    final ByteArrayOutputStream seen = new ByteArrayOutputStream();
    private final UnsafeBuffer input = new UnsafeBuffer(new byte[1]);
    ToyMachine primaryMachine = new ToyMachine();
    ToyMachine secondaryMachine;
    LockstepPrimary primary;
    LockstepSecondary secondary;
    MemoryLink link;
    long nowNs = 1_000;
    long generation;
    int nextInput;
    /** The secondary works in one of so many turns. */
    int slowness = 1;
    /** Bytes that were said twice. */
    long repeatedBytes;

    private PrimaryPhase before = PrimaryPhase.ALONE;
    private int inputBase;
    private int seenBase;

    Pair(long seed) {
        this(seed, POLICY);
    }

    Pair(long seed, LockstepPolicy policy) {
        this.random = new Random(seed);
        this.policy = policy;
        link = new MemoryLink(MAX_BULK);
        primary = new LockstepPrimary(primaryMachine, link.primary, this::see, policy, nowNs);
    }

    private boolean see(long count, int channel, DirectBuffer buffer, int offset, int length) {
        if (random.nextInt(8) == 0) {
            return false; // the uplink is busy
        }
        byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        seen.writeBytes(bytes);
        return true;
    }

    void join(ToyMachine machine) {
        secondaryMachine = machine;
        secondary = new LockstepSecondary(machine, link.secondary, policy, ++generation);
        primary.join(generation);
    }

    /** One turn of everybody. */
    void turn(int inputs) {
        nowNs += random.nextInt(20_000);
        if (nextInput < inputs && random.nextInt(3) == 0) {
            input.putByte(0, (byte) (nextInput * 31));
            if (primary.offer(ToyMachine.INPUT, input, 0, 1, nowNs)) {
                nextInput++;
            }
        }
        primary.doWork(nowNs);
        if (primary.phase() == PrimaryPhase.PROTECTED && before != PrimaryPhase.PROTECTED) {
            inputBase = nextInput;
            seenBase = seen.size();
        }
        before = primary.phase();
        if (secondary != null && random.nextInt(slowness) == 0) {
            secondary.doWork();
        }
    }

    void joinAndWait() {
        join(new ToyMachine());
        for (int i = 0; i < 10_000 && secondary.phase() != SecondaryPhase.FOLLOWING; i++) {
            turn(0);
        }
        if (secondary.phase() != SecondaryPhase.FOLLOWING || primary.phase() != PrimaryPhase.PROTECTED) {
            throw new AssertionError(primary.reason() + "; " + secondary.reason());
        }
    }

    /** The primary's host is gone; the secondary goes on. Throws if it does not say again what was said. */
    void killPrimary() {
        link.cut(random);
        for (int i = random.nextInt(20); i > 0; i--) {
            secondary.doWork();
        }
        byte[] said = seen.toByteArray();
        secondary.goLive(this::see);
        int repeatedAt = seen.size();
        for (int i = 0; i < 10_000 && secondary.phase() == SecondaryPhase.GOING_LIVE; i++) {
            secondary.doWork();
        }
        if (secondary.phase() != SecondaryPhase.LIVE) {
            throw new AssertionError(secondary.reason());
        }
        link = new MemoryLink(MAX_BULK);
        long from = secondary.repeatedFrom();
        primary = secondary.takeOver(link.primary, nowNs);
        primaryMachine = secondaryMachine;
        nextInput = inputBase + (int) primary.inputs();
        secondary = null;
        before = PrimaryPhase.ALONE;
        while (primary.heldOutputs() > 0) {
            primary.doWork(nowNs);
        }
        checkRepeats(said, repeatedAt, seenBase + (int) from);
    }

    private void checkRepeats(byte[] said, int repeatedAt, int from) {
        byte[] all = seen.toByteArray();
        int again = Math.min(said.length - from, all.length - repeatedAt);
        if (said.length - from > all.length - repeatedAt && primary.isIdle()) {
            throw new AssertionError("said " + said.length + " bytes, the new primary knows "
                    + (all.length - repeatedAt) + " from " + from);
        }
        if (!Arrays.equals(said, from, from + again, all, repeatedAt, repeatedAt + again)) {
            throw new AssertionError("the new primary says something else from byte " + from + " on");
        }
        repeatedBytes += again;
        seen.reset();
        seen.write(said, 0, from);
        seen.write(all, repeatedAt, all.length - repeatedAt);
        if (seen.size() < said.length) {
            throw new AssertionError("said " + said.length + " bytes, the new primary only " + seen.size());
        }
    }

    /** The hashes of the answers, without the times. */
    static long[] answers(byte[] bytes) {
        UnsafeBuffer all = new UnsafeBuffer(bytes);
        long[] answers = new long[bytes.length / ToyMachine.REPLY];
        for (int i = 0; i < answers.length; i++) {
            answers[i] = all.getLong(i * ToyMachine.REPLY);
        }
        return answers;
    }
}
