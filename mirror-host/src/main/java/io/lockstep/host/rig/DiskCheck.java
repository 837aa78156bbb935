package io.lockstep.host.rig;

import io.lockstep.host.load.RespConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Asks the guest what it thinks of its disk. Each question is a TCP connection of its own. */
public final class DiskCheck {
    private static final int LOAD_PORT = 7002;
    private static final int DROP_PORT = 7003;
    private static final int TIMEOUT_MS = 2_000;
    private static final Duration RELOAD_LIMIT = Duration.ofSeconds(30);

    private DiskCheck() {}

    /**
     * What diskload says.
     *
     * @param verified sectors that were read and were right or blamed
     * @param operations it has done
     * @param writes of them
     * @param reads of them
     * @param zeroes of them
     * @param flushes of them
     * @param slowestUs the longest operation so far, in the guest's microseconds
     * @param failures lost, late, torn or misplaced writes, and I/O errors
     * @param first the first of them, for people
     */
    public record Load(
            long verified,
            long operations,
            long writes,
            long reads,
            long zeroes,
            long flushes,
            long slowestUs,
            long failures,
            String first) {
        /** Reads the line that diskload sends. */
        static Load parse(String line) throws IOException {
            String[] words = line.strip().split(" ", 11);
            if (words.length < 11 || !words[0].equals("diskload")) {
                throw new IOException("not a line of diskload: '" + line + "'");
            }
            try {
                return new Load(
                        Long.parseLong(words[1]),
                        value(words[3]),
                        value(words[4]),
                        value(words[5]),
                        value(words[6]),
                        value(words[7]),
                        value(words[8]),
                        value(words[9]),
                        words[10].substring(words[10].indexOf('=') + 1));
            } catch (NumberFormatException e) {
                throw new IOException("not a line of diskload: '" + line + "'", e);
            }
        }

        private static long value(String word) {
            return Long.parseLong(word.substring(word.indexOf('=') + 1));
        }
    }

    /** Asks diskload, again and again until it answers. */
    public static Load ask(PairRig rig, Duration limit) throws RigException {
        Load[] answer = new Load[1];
        rig.await("the guest's diskload to answer", limit, () -> {
            try {
                answer[0] = Load.parse(line(LOAD_PORT));
                return true;
            } catch (IOException e) {
                return false;
            }
        });
        return answer[0];
    }

    /** Makes the guest forget what it has cached of its disk, and Redis load all its data from there. */
    public static void reload(PairRig rig, Duration limit) throws RigException {
        rig.await("the guest to empty its page cache", limit, () -> {
            try {
                return line(DROP_PORT).startsWith("dropped");
            } catch (IOException e) {
                return false;
            }
        });
        InetSocketAddress redis = new InetSocketAddress(RigNetwork.GUEST, PairRig.REDIS_PORT);
        try (RespConnection connection = RespConnection.connect(redis, RELOAD_LIMIT)) {
            String answer = connection.call("DEBUG", "LOADAOF");
            if (!"OK".equals(answer)) {
                throw new RigException("Redis did not load its append-only file: " + answer);
            }
        } catch (IOException e) {
            throw new RigException("Redis cannot load its append-only file: " + e.getMessage(), e);
        }
    }

    private static String line(int port) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(RigNetwork.GUEST, port), TIMEOUT_MS);
            socket.setSoTimeout(TIMEOUT_MS);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
