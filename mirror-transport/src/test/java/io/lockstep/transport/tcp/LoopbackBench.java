package io.lockstep.transport.tcp;

import io.lockstep.mirror.spi.Interconnect;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** A quick look at throughput and round trip over loopback with two spinning threads. Argument: socket buffer in bytes. */
final class LoopbackBench {
    private static final int FRAME = 128 << 10;
    private static final int FRAMES = 16_384;
    private static final int ROUND_TRIPS = 20_000;

    private LoopbackBench() {}

    private static final class Sink implements Interconnect.Listener {
        private final Interconnect replyTo;
        private int bulk;
        private int control;

        Sink(Interconnect replyTo) {
            this.replyTo = replyTo;
        }

        @Override
        public void onBulk(DirectBuffer buffer, int offset, int length) {
            bulk++;
        }

        @Override
        public void onControl(DirectBuffer buffer, int offset, int length) {
            control++;
            if (replyTo != null && !replyTo.sendControl(buffer, offset, length)) {
                throw new IllegalStateException("no room for the reply");
            }
        }
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        int socket = Integer.parseInt(args[0]);
        TcpConfig.Limits limits = new TcpConfig.Limits(FRAME, 16, 64 << 10, 256 << 10, socket, 0);
        try (TcpPair pair = new TcpPair(limits, false).awaitUp(1)) {
            AtomicBoolean stop = new AtomicBoolean();
            Sink far = new Sink(pair.secondary);
            Thread thread = new Thread(() -> {
                while (!stop.get()) {
                    pair.secondary.poll(far, 64);
                }
            });
            thread.start();
            Sink near = new Sink(null);
            for (int round = 0; round < 7; round++) {
                throughput(pair.primary, near);
                roundTrip(pair.primary, near, round);
            }
            stop.set(true);
            thread.join();
        }
    }

    private static void throughput(TcpInterconnect primary, Sink near) {
        long start = System.nanoTime();
        int sent = 0;
        while (sent < FRAMES) {
            MutableDirectBuffer claim = primary.claimBulk();
            if (claim == null) {
                primary.poll(near, 64);
            } else {
                claim.putLong(0, sent++);
                primary.commitBulk(FRAME);
            }
        }
        // An echo on the other channel does not wait for bulk, so the tail is the kernel's; it is small against 2 GiB.
        while (primary.hasPendingOutput()) {
            primary.poll(near, 64);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(Locale.ROOT, "bulk %.2f GB/s  ", (double) FRAME * FRAMES / seconds / 1e9);
    }

    private static void roundTrip(TcpInterconnect primary, Sink near, int round) {
        UnsafeBuffer beat = new UnsafeBuffer(new byte[64]);
        long[] times = new long[ROUND_TRIPS];
        for (int i = 0; i < ROUND_TRIPS; i++) {
            int before = near.control;
            long start = System.nanoTime();
            if (!primary.sendControl(beat, 0, 64)) {
                throw new IllegalStateException("no room");
            }
            while (near.control == before) {
                primary.poll(near, 64);
            }
            times[i] = System.nanoTime() - start;
        }
        Arrays.sort(times);
        System.out.printf(
                Locale.ROOT,
                "round trip p50 %.1f us p99 %.1f us (round %d, %d bulk frames)%n",
                times[ROUND_TRIPS / 2] / 1e3,
                times[ROUND_TRIPS * 99 / 100] / 1e3,
                round,
                near.bulk);
    }
}
