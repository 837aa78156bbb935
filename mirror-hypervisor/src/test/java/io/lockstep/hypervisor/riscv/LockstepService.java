package io.lockstep.hypervisor.riscv;

import io.lockstep.hypervisor.riscv.boot.ServiceGuest;
import io.lockstep.hypervisor.riscv.device.Board;
import io.lockstep.mirror.lockstep.LockstepPolicy;
import io.lockstep.mirror.lockstep.LockstepPrimary;
import io.lockstep.mirror.lockstep.LockstepSecondary;
import io.lockstep.mirror.lockstep.PrimaryPhase;
import io.lockstep.mirror.lockstep.SecondaryPhase;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The service guest in lockstep, its clients, and what they saw. The clients' side keeps its requests until it knows that they are in the
 * log, as TCP does, and counts the bytes it has seen.
 */
final class LockstepService implements AutoCloseable {
    final Random random;
    final LockstepPolicy policy;
    final int requests;
    RiscvMachine primaryMachine;
    RiscvMachine secondaryMachine;
    LockstepPrimary primary;
    LockstepSecondary secondary;
    LockstepLink link = new LockstepLink();
    long nowNs;
    /** The secondary works in one of so many turns. */
    int slowness = 1;
    /** Bytes that were said twice. */
    long repeatedBytes;

    private ByteArrayOutputStream saying = new ByteArrayOutputStream();
    private ByteArrayOutputStream channels = new ByteArrayOutputStream();
    private PrimaryPhase before = PrimaryPhase.ALONE;
    private int next;
    private int nextBase;
    private int seenBase;
    private long generation;

    LockstepService(long seed, int requests) {
        this(seed, requests, policy(new Random(seed)));
    }

    LockstepService(long seed, int requests, LockstepPolicy policy) {
        random = new Random(seed);
        this.requests = requests;
        this.policy = policy;
        primaryMachine = machine();
        primaryMachine.load(ServiceGuest.image());
        primary = new LockstepPrimary(primaryMachine, link.primary, this::see, policy, nowNs);
    }

    /** Slices of another length in each run, so that the primary dies at any instruction. */
    private static LockstepPolicy policy(Random random) {
        return new LockstepPolicy(200 + random.nextInt(3_000), 20_000, 60_000, 1 << 17, 1 << 19, 200_000, 16);
    }

    private static RiscvMachine machine() {
        return new RiscvMachine(MachineConfig.ofRam(ServiceGuest.RAM_BYTES));
    }

    private boolean see(long count, int channel, DirectBuffer buffer, int offset, int length) {
        if (random.nextInt(10) == 0) {
            return false; // the uplink is busy
        }
        byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        saying.writeBytes(bytes);
        Arrays.fill(bytes, (byte) channel);
        channels.writeBytes(bytes);
        return true;
    }

    /** Request number {@code i} is always the same one. */
    private static byte[] request(int i) {
        String key = "key" + i % 5;
        return switch (i % 4) {
            case 0 -> Guests.frame(i % 3, "SET", key, "value " + i);
            case 1 -> Guests.frame(i % 3, "GET", key);
            case 2 -> Guests.frame(i % 3, "INCR", "n" + i % 7);
            default -> Guests.frame(i % 3, "PING");
        };
    }

    void turn() {
        nowNs += random.nextInt(100_000);
        if (next < requests && random.nextInt(4) == 0) {
            byte[] frame = request(next);
            if (primary.offer(Board.STREAM, new UnsafeBuffer(frame), 0, frame.length, nowNs)) {
                next++;
            }
        }
        primary.doWork(nowNs);
        if (primary.phase() == PrimaryPhase.PROTECTED && before != PrimaryPhase.PROTECTED) {
            nextBase = next;
            seenBase = saying.size();
        }
        before = primary.phase();
        if (secondary != null && random.nextInt(slowness) == 0) {
            secondary.doWork();
        }
    }

    void join() {
        if (secondaryMachine != null) {
            secondaryMachine.close();
        }
        secondaryMachine = machine();
        secondary = new LockstepSecondary(secondaryMachine, link.secondary, policy, ++generation);
        primary.join(generation);
        for (int i = 0; i < 100_000 && secondary.phase() != SecondaryPhase.FOLLOWING; i++) {
            turn();
        }
        if (secondary.phase() != SecondaryPhase.FOLLOWING) {
            throw new AssertionError(primary.reason() + "; " + secondary.reason());
        }
    }

    /** The primary's host is gone, the secondary goes on: everything that was said is said again, the same, or was known to be out. */
    void kill() {
        link.cut(random);
        for (int i = random.nextInt(10); i > 0; i--) {
            secondary.doWork();
        }
        byte[] said = saying.toByteArray();
        byte[] saidOn = channels.toByteArray();
        secondary.goLive(this::see);
        for (int i = 0; i < 1_000_000 && secondary.phase() == SecondaryPhase.GOING_LIVE; i++) {
            secondary.doWork();
        }
        if (secondary.phase() != SecondaryPhase.LIVE) {
            throw new AssertionError(secondary.reason());
        }
        link = new LockstepLink();
        int start = seenBase + (int) secondary.repeatedFrom();
        primary = secondary.takeOver(link.primary, nowNs);
        primaryMachine.close();
        primaryMachine = secondaryMachine;
        secondaryMachine = null;
        secondary = null;
        before = PrimaryPhase.ALONE;
        next = nextBase + (int) primary.inputs();
        // Only what the new primary's history holds already: nothing new is executed to make up for a lost output.
        while (primary.heldOutputs() > 0) {
            primary.doWork(nowNs);
        }
        byte[] all = saying.toByteArray();
        int again = said.length - start;
        if (again > all.length - said.length
                || !Arrays.equals(said, start, said.length, all, said.length, said.length + again)) {
            throw new AssertionError("of " + again + " bytes that were said from " + start
                    + " on, the new primary says " + (all.length - said.length) + ", or others");
        }
        repeatedBytes += again;
        forgetRepeats(said, saidOn, again);
    }

    private void forgetRepeats(byte[] said, byte[] saidOn, int again) {
        byte[] all = saying.toByteArray();
        byte[] allOn = channels.toByteArray();
        int fresh = said.length + again;
        saying = new ByteArrayOutputStream();
        channels = new ByteArrayOutputStream();
        saying.writeBytes(said);
        channels.writeBytes(saidOn);
        saying.write(all, fresh, all.length - fresh);
        channels.write(allOn, fresh, allOn.length - fresh);
    }

    /** Until every request is taken and nothing is left to do. */
    void finish() {
        int quiet = 0;
        for (int i = 0; i < 1_000_000 && quiet < 200; i++) {
            turn();
            quiet = next == requests && primary.isIdle() && primary.heldOutputs() == 0 ? quiet + 1 : 0;
        }
    }

    /** What the clients were told, without repeats. */
    byte[] transcript() {
        byte[] bytes = saying.toByteArray();
        byte[] on = channels.toByteArray();
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (int i = 0; i < bytes.length; i++) {
            if (on[i] == Board.STREAM) {
                stream.write(bytes[i]);
            }
        }
        return stream.toByteArray();
    }

    @Override
    public void close() {
        primaryMachine.close();
        if (secondaryMachine != null) {
            secondaryMachine.close();
        }
    }
}
