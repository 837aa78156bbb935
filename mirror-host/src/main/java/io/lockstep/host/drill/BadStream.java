package io.lockstep.host.drill;

import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.ByteProxy;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** F8: bytes that no honest partner sends. The link ends with a named error, both engines live, memory stays bounded. */
final class BadStream implements Scenario {
    private static final long GROWTH_LIMIT = 64L << 20;
    private static final int SKIP = 40;
    private static final int ATTEMPTS = 5;
    private static final long ATTEMPT_NS = 3_000_000_000L;

    /** The names of link faults (docs/protocol.md), and an end where there must be none. */
    private static final Pattern NAMED = Pattern.compile(
            "\\b(BAD_MAGIC|UNKNOWN_KIND|BAD_VERSION|TOO_LONG|BAD_CRC|WRONG_SESSION|OUT_OF_SEQUENCE)\\b.*"
                    + "|protocol version .*|closed by the peer in the (middle of a frame|handshake).*");

    private long engineA;
    private long engineB;
    private long memoryLimit;

    @Override
    public void run(Stage stage) throws RigException {
        PairRig rig = stage.whole(stage.standard().withProxies());
        stage.pause(1000);
        engineA = rig.host(Side.A).pid();
        engineB = rig.host(Side.B).pid();
        // The hosts may change their roles on the way, so both may become as large as the larger one.
        memoryLimit = GROWTH_LIMIT
                + Math.max(rig.host(Side.A).ownMemory(), rig.host(Side.B).ownMemory());
        for (ByteProxy.Way way : ByteProxy.Way.values()) {
            String direction = way == ByteProxy.Way.FORWARD ? "to the secondary" : "to the primary";
            onTheWay(stage, rig, "one bit is flipped on the way " + direction, way, piece -> flip(stage, piece));
            onTheWay(stage, rig, "the stream ends in mid-frame " + direction, way, BadStream::truncate);
        }
        onTheWay(stage, rig, "random bytes instead of frames", ByteProxy.Way.FORWARD, piece -> scramble(stage, piece));
        List<byte[]> session =
                Recordings.oldestSession(rig.proxy(stage.awaitProtected()).recordings());
        fromOutside(stage, rig, "both connections of an old session are played back", session);
        byte[] foreign = Recordings.ofVersion(99, session.get(0));
        fromOutside(stage, rig, "a peer of version 99", List.of(foreign));
        fromOutside(stage, rig, "garbage at the listener", List.of(garbage(stage)));
        LoadReport report = stage.verify();
        stage.begin("all of F8 under load", "nothing acknowledged is lost");
        stage.pass(String.format("%,d answers verified", report.operations()));
    }

    private void onTheWay(Stage stage, PairRig rig, String broken, ByteProxy.Way way, ByteProxy.Tamper change)
            throws RigException {
        stage.begin(broken, "the link ends with a named error; protected again");
        String named = "";
        for (int attempt = 0; named.isEmpty(); attempt++) {
            stage.check(attempt < ATTEMPTS, "no log names a fault, after " + attempt + " attempts");
            named = breakOnce(stage, rig, way, change);
        }
        stage.awaitProtected();
        stage.awaitAnswers();
        checkEngines(stage, rig);
        stage.pass(named);
    }

    /** Empty if the change met a link that ended for another reason just then, as it does on a busy machine. */
    private static String breakOnce(Stage stage, PairRig rig, ByteProxy.Way way, ByteProxy.Tamper change)
            throws RigException {
        Side runner = stage.awaitProtected();
        int logA = rig.host(Side.A).log().length();
        int logB = rig.host(Side.B).log().length();
        ByteProxy proxy = rig.proxy(runner).connections() > 0 ? rig.proxy(runner) : rig.proxy(runner.other());
        proxy.tamper(way, stage.random().nextInt(SKIP), change);
        long endNs = System.nanoTime() + ATTEMPT_NS;
        stage.await(
                "a named fault in a log",
                Stage.TAKEOVER_LIMIT,
                () -> !fault(rig, logA, logB).isEmpty() || System.nanoTime() - endNs > 0);
        return fault(rig, logA, logB);
    }

    /** What a log has to say since a position about bytes that are not as they should be; empty if nothing. */
    private static String fault(PairRig rig, int logA, int logB) {
        for (Side side : Side.values()) {
            String news = rig.host(side).log().substring(side == Side.A ? logA : logB);
            for (String line : news.lines().toList()) {
                Matcher matcher = NAMED.matcher(line);
                if (matcher.find()) {
                    return "host " + side.hostName() + ": " + matcher.group();
                }
            }
        }
        return "";
    }

    /** Connects to the secondary as anybody could, once for each element of {@code streams}. */
    private void fromOutside(Stage stage, PairRig rig, String broken, List<byte[]> streams) throws RigException {
        Side secondary = stage.awaitProtected().other();
        int logA = rig.host(Side.A).log().length();
        int logB = rig.host(Side.B).log().length();
        stage.begin(broken, "refused with a named error; protected");
        List<Socket> sockets = new ArrayList<>();
        try {
            for (byte[] stream : streams) {
                Socket socket = new Socket();
                sockets.add(socket);
                socket.connect(rig.listenAddress(secondary), 2_000);
                socket.getOutputStream().write(stream);
            }
            stage.await("a named fault in a log", Stage.TAKEOVER_LIMIT, () -> !fault(rig, logA, logB)
                    .isEmpty());
        } catch (IOException e) {
            // Hung up on while still talking: then the log says why.
            stage.say("  " + e.getMessage());
            stage.await("a named fault in a log", Stage.TAKEOVER_LIMIT, () -> !fault(rig, logA, logB)
                    .isEmpty());
        } finally {
            sockets.forEach(BadStream::close);
        }
        String named = fault(rig, logA, logB);
        stage.awaitProtected();
        stage.awaitAnswers();
        checkEngines(stage, rig);
        stage.pass(named);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            return; // it was of use already
        }
    }

    private void checkEngines(Stage stage, PairRig rig) throws RigException {
        stage.check(
                rig.host(Side.A).isAlive() && rig.host(Side.A).pid() == engineA,
                "the engine of host a did not survive");
        stage.check(
                rig.host(Side.B).isAlive() && rig.host(Side.B).pid() == engineB,
                "the engine of host b did not survive");
        for (Side side : Side.values()) {
            long memory = rig.host(side).ownMemory();
            stage.check(
                    memory <= memoryLimit,
                    "host " + side.hostName() + " has " + (memory >> 20) + " MiB of its own, more than "
                            + (memoryLimit >> 20));
        }
    }

    private static boolean flip(Stage stage, ByteBuffer piece) {
        int at = piece.position() + stage.random().nextInt(piece.remaining());
        piece.put(at, (byte) (piece.get(at) ^ (1 << stage.random().nextInt(8))));
        return true;
    }

    private static boolean truncate(ByteBuffer piece) {
        // The last frame of the piece loses its end, whether the piece ended with it or not.
        piece.limit(piece.limit() - Math.min(7, piece.remaining()));
        return false;
    }

    private static boolean scramble(Stage stage, ByteBuffer piece) {
        for (int at = piece.position(); at < piece.limit(); at++) {
            piece.put(at, (byte) stage.random().nextInt(256));
        }
        return true;
    }

    private static byte[] garbage(Stage stage) {
        byte[] bytes = new byte[64 << 10];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) stage.random().nextInt(256);
        }
        return bytes;
    }
}
