package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.nbd.NbdWire;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Random;

/** A server without a disk that negotiates properly and then does as it was told: answers, nonsense, nothing. */
final class ScriptedServer implements AutoCloseable {
    /** What it does with a command. */
    interface Script {
        void answer(int command, long cookie, int length, DataOutputStream out) throws IOException;
    }

    private final ServerSocket listener;
    private final Script script;
    private volatile String export = "";
    private volatile String refusal = "";

    ScriptedServer(Script script) throws IOException {
        this.script = script;
        this.listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(this::serve, "scripted-server");
        thread.setDaemon(true);
        thread.start();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    /** The name the last client asked for. */
    String export() {
        return export;
    }

    /** Refuses the next clients. */
    void refuse(String text) {
        refusal = text;
    }

    private void serve() {
        while (!listener.isClosed()) {
            try (Socket client = listener.accept()) {
                client.setTcpNoDelay(true);
                DataInputStream in = new DataInputStream(client.getInputStream());
                DataOutputStream out = new DataOutputStream(client.getOutputStream());
                if (negotiate(in, out)) {
                    transmit(in, out);
                }
            } catch (IOException e) {
                export = ""; // the client left, as clients of this server do
            }
        }
    }

    private boolean negotiate(DataInputStream in, DataOutputStream out) throws IOException {
        out.writeLong(NbdWire.INIT_MAGIC);
        out.writeLong(NbdWire.OPT_MAGIC);
        out.writeShort(3);
        in.readInt();
        while (true) {
            in.readLong();
            int option = in.readInt();
            byte[] data = in.readNBytes(in.readInt());
            if (option != NbdWire.OPT_GO) {
                reply(
                        out,
                        option,
                        option == NbdWire.OPT_STRUCTURED_REPLY ? NbdWire.REP_ACK : NbdWire.REP_ERR_UNSUP,
                        new byte[0]);
                continue;
            }
            export = new String(data, 4, data.length - 8, java.nio.charset.StandardCharsets.UTF_8);
            if (!refusal.isEmpty()) {
                reply(out, option, NbdWire.REP_ERR_POLICY, refusal.getBytes(java.nio.charset.StandardCharsets.UTF_8));
                return false;
            }
            java.nio.ByteBuffer info = java.nio.ByteBuffer.allocate(12);
            info.putShort((short) 0).putLong(1 << 20);
            info.putShort(
                    (short) (NbdWire.TRANSMIT_HAS_FLAGS | NbdWire.TRANSMIT_SEND_FLUSH | NbdWire.TRANSMIT_SEND_TRIM));
            reply(out, option, NbdWire.REP_INFO, info.array());
            reply(out, option, NbdWire.REP_ACK, new byte[0]);
            return true;
        }
    }

    private static void reply(DataOutputStream out, int option, int type, byte[] data) throws IOException {
        out.writeLong(NbdWire.OPT_REPLY_MAGIC);
        out.writeInt(option);
        out.writeInt(type);
        out.writeInt(data.length);
        out.write(data);
    }

    private void transmit(DataInputStream in, DataOutputStream out) throws IOException {
        while (true) {
            in.readShort();
            in.readShort();
            in.readShort();
            int command = in.readShort();
            long cookie = in.readLong();
            in.readLong();
            int length = in.readInt();
            if (command == NbdWire.CMD_DISC) {
                return;
            }
            in.skipNBytes(command == NbdWire.CMD_WRITE ? length : 0);
            script.answer(command, cookie, length, out);
            out.flush();
        }
    }

    /** Good answers, damaged ones, and bytes from nowhere. */
    static Script hostile(Random random) {
        return (command, cookie, length, out) -> {
            int way = random.nextInt(40);
            if (way == 0) {
                byte[] noise = new byte[1 + random.nextInt(200)];
                random.nextBytes(noise);
                out.write(noise);
            } else if (way == 1) {
                throw new IOException("enough");
            } else {
                out.writeInt(NbdWire.CHUNK_MAGIC);
                out.writeShort(way == 2 ? random.nextInt(1 << 16) : 1);
                boolean read = command == NbdWire.CMD_READ;
                out.writeShort(way == 3 ? random.nextInt(1 << 16) : way == 4 ? NbdWire.REPLY_TYPE_ERROR : read ? 2 : 0);
                out.writeLong(way == 5 ? random.nextLong() : cookie);
                out.writeInt(way == 4 ? 6 : way == 6 ? random.nextInt() : read ? 12 : 0);
                if (way == 4) {
                    out.writeInt(random.nextInt(100));
                    out.writeShort(0);
                } else if (read) {
                    out.writeLong(0);
                    out.writeInt(way == 7 ? random.nextInt() : length);
                }
            }
        };
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
