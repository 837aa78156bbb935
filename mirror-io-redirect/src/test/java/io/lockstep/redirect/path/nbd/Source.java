package io.lockstep.redirect.path.nbd;

import java.nio.ByteBuffer;
import java.nio.channels.ScatteringByteChannel;
import java.util.Random;

/** Gives the bytes of a buffer in parts of random length. */
final class Source implements ScatteringByteChannel {
    private final ByteBuffer bytes;
    private final Random random;
    private final int most;

    Source(ByteBuffer bytes, Random random, int most) {
        this.bytes = bytes;
        this.random = random;
        this.most = most;
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) {
        long total = 0;
        for (int i = offset; i < offset + length; i++) {
            int wanted = targets[i].remaining();
            int got = read(targets[i]);
            total += got;
            if (got < wanted) {
                break;
            }
        }
        return total;
    }

    @Override
    public long read(ByteBuffer[] targets) {
        return read(targets, 0, targets.length);
    }

    @Override
    public int read(ByteBuffer target) {
        int count = Math.min(Math.min(bytes.remaining(), target.remaining()), 1 + random.nextInt(most));
        for (int i = 0; i < count; i++) {
            target.put(bytes.get());
        }
        return count;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {}
}
