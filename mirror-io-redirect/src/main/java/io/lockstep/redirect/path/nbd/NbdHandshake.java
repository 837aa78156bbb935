package io.lockstep.redirect.path.nbd;

import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.nbd.NbdWire;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The client's side of the fixed newstyle negotiation, as a state machine over two buffers: structured replies if the server has them,
 * then base:allocation, then GO with the block sizes, or EXPORT_NAME if the server does not know GO.
 */
final class NbdHandshake {
    private enum State {
        GREETING,
        STRUCTURED,
        CONTEXT,
        GO,
        EXPORT_NAME,
        DONE
    }

    /** The longest reply that makes sense: a name, and a text, of the longest legal size. */
    private static final int MAX_REPLY = 2 * NbdWire.MAX_STRING + 64;

    private static final int INFO_EXPORT_LENGTH = 12;
    private static final int INFO_BLOCK_SIZE_LENGTH = 14;

    private final byte[] export;
    private final ByteBuffer out = ByteBuffer.allocate(MAX_REPLY);
    private State state = State.GREETING;
    private boolean noZeroes;
    private boolean structured;
    private int context = -1;
    private boolean sized;
    private long size;
    private int flags;
    private int minBlock;
    private int preferredBlock;
    private int maxBlock;
    private NbdExport agreed;

    NbdHandshake(String export) {
        this.export = export.getBytes(StandardCharsets.UTF_8);
        out.flip();
    }

    /** What to send, from its position to its limit. */
    ByteBuffer out() {
        return out;
    }

    /** What was agreed; null before the end. */
    NbdExport agreed() {
        return agreed;
    }

    /** Takes whole messages from the buffer's position on; what is left is incomplete, or belongs to what comes after the end. */
    void consume(ByteBuffer in) throws NbdBreach {
        boolean more = true;
        while (more && state != State.DONE) {
            more = switch (state) {
                case GREETING -> greeting(in);
                case EXPORT_NAME -> exportName(in);
                default -> optionReply(in);
            };
        }
    }

    private boolean greeting(ByteBuffer in) throws NbdBreach {
        if (in.remaining() < NbdWire.GREETING_LENGTH) {
            return false;
        }
        if (in.getLong() != NbdWire.INIT_MAGIC) {
            throw new NbdBreach("this is no NBD server: its greeting does not begin with NBDMAGIC");
        }
        if (in.getLong() != NbdWire.OPT_MAGIC) {
            throw new NbdBreach("the NBD server speaks the old style of negotiation, which is not supported");
        }
        int said = in.getShort();
        if ((said & NbdWire.FLAG_FIXED_NEWSTYLE) == 0) {
            throw new NbdBreach("the NBD server does not speak fixed newstyle");
        }
        noZeroes = (said & NbdWire.FLAG_NO_ZEROES) != 0;
        out.clear();
        out.putInt(NbdWire.FLAG_FIXED_NEWSTYLE | (noZeroes ? NbdWire.FLAG_NO_ZEROES : 0));
        option(NbdWire.OPT_STRUCTURED_REPLY, 0);
        out.flip();
        state = State.STRUCTURED;
        return true;
    }

    private void option(int option, int length) {
        out.putLong(NbdWire.OPT_MAGIC).putInt(option).putInt(length);
    }

    private int expectedOption() {
        return switch (state) {
            case STRUCTURED -> NbdWire.OPT_STRUCTURED_REPLY;
            case CONTEXT -> NbdWire.OPT_SET_META_CONTEXT;
            default -> NbdWire.OPT_GO;
        };
    }

    private boolean optionReply(ByteBuffer in) throws NbdBreach {
        if (in.remaining() < NbdWire.OPTION_REPLY_LENGTH) {
            return false;
        }
        int start = in.position();
        long magic = in.getLong(start);
        int option = in.getInt(start + 8);
        int length = in.getInt(start + 16);
        if (magic != NbdWire.OPT_REPLY_MAGIC) {
            throw new NbdBreach("bad magic in a reply to an option: 0x" + Long.toHexString(magic));
        }
        if (option != expectedOption()) {
            throw new NbdBreach(
                    "a reply to option " + Integer.toUnsignedString(option) + ", not to " + expectedOption());
        }
        if (length < 0 || length > MAX_REPLY) {
            throw new NbdBreach("a reply to option " + option + " of " + Integer.toUnsignedString(length) + " bytes");
        }
        if (in.remaining() < NbdWire.OPTION_REPLY_LENGTH + length) {
            return false;
        }
        int type = in.getInt(start + 12);
        ByteBuffer data = in.slice(start + NbdWire.OPTION_REPLY_LENGTH, length);
        in.position(start + NbdWire.OPTION_REPLY_LENGTH + length);
        switch (state) {
            case STRUCTURED -> structuredReply(type);
            case CONTEXT -> contextReply(type, data);
            default -> goReply(type, data);
        }
        return true;
    }

    private void structuredReply(int type) throws NbdBreach {
        requireKnown(type, type == NbdWire.REP_ACK);
        structured = type == NbdWire.REP_ACK;
        if (!structured) {
            sendGo();
            return;
        }
        byte[] query = NbdWire.BASE_ALLOCATION.getBytes(StandardCharsets.UTF_8);
        out.clear();
        option(NbdWire.OPT_SET_META_CONTEXT, 4 + export.length + 4 + 4 + query.length);
        out.putInt(export.length).put(export).putInt(1).putInt(query.length).put(query);
        out.flip();
        state = State.CONTEXT;
    }

    private void contextReply(int type, ByteBuffer data) throws NbdBreach {
        requireKnown(type, type == NbdWire.REP_ACK || type == NbdWire.REP_META_CONTEXT);
        if (type != NbdWire.REP_META_CONTEXT) {
            sendGo(); // an error here is told again, and better, by the reply to GO
            return;
        }
        if (data.remaining() < 4) {
            throw new NbdBreach("a meta context of " + data.remaining() + " bytes");
        }
        int id = data.getInt();
        String name = StandardCharsets.UTF_8.decode(data).toString();
        if (!name.equals(NbdWire.BASE_ALLOCATION) || id == -1) {
            throw new NbdBreach("a meta context that was not asked for");
        }
        context = id;
    }

    private void sendGo() {
        out.clear();
        option(NbdWire.OPT_GO, 4 + export.length + 2 + 2);
        out.putInt(export.length).put(export).putShort((short) 1).putShort((short) NbdWire.INFO_BLOCK_SIZE);
        out.flip();
        state = State.GO;
    }

    private void goReply(int type, ByteBuffer data) throws NbdBreach {
        if (type == NbdWire.REP_ERR_UNSUP) {
            out.clear();
            option(NbdWire.OPT_EXPORT_NAME, export.length);
            out.put(export).flip();
            state = State.EXPORT_NAME;
            return;
        }
        if ((type & NbdWire.REP_ERR) != 0) {
            throw new NbdBreach("the server refuses the export: " + refusal(type, data));
        }
        requireKnown(type, type == NbdWire.REP_ACK || type == NbdWire.REP_INFO);
        if (type == NbdWire.REP_INFO) {
            info(data);
        } else if (!sized) {
            throw new NbdBreach("the server agrees to an export without telling its size");
        } else {
            agree();
        }
    }

    private void info(ByteBuffer data) throws NbdBreach {
        int length = data.remaining();
        int what = length < 2 ? -1 : data.getShort() & 0xffff;
        boolean known = what == NbdWire.INFO_EXPORT || what == NbdWire.INFO_BLOCK_SIZE;
        if (what == -1
                || (known && length != (what == NbdWire.INFO_EXPORT ? INFO_EXPORT_LENGTH : INFO_BLOCK_SIZE_LENGTH))) {
            throw new NbdBreach("a fact of " + length + " bytes about an export");
        }
        if (what == NbdWire.INFO_EXPORT) {
            size = data.getLong();
            flags = data.getShort() & 0xffff;
            sized = true;
        } else if (what == NbdWire.INFO_BLOCK_SIZE) {
            minBlock = data.getInt();
            preferredBlock = data.getInt();
            maxBlock = data.getInt();
            if (minBlock == 0) {
                throw new NbdBreach("the server's minimum block size is 0");
            }
        }
    }

    private boolean exportName(ByteBuffer in) throws NbdBreach {
        int length = NbdWire.EXPORT_NAME_REPLY_LENGTH + (noZeroes ? 0 : NbdWire.EXPORT_NAME_ZEROES);
        if (in.remaining() < length) {
            return false;
        }
        int start = in.position();
        size = in.getLong(start);
        flags = in.getShort(start + 8) & 0xffff;
        in.position(start + length);
        agree();
        return true;
    }

    private void agree() throws NbdBreach {
        BlockGeometry geometry = NbdExport.geometry(size, flags, minBlock, preferredBlock, maxBlock);
        agreed = new NbdExport(geometry, flags, structured, context);
        state = State.DONE;
    }

    private static void requireKnown(int type, boolean known) throws NbdBreach {
        if (!known && (type & NbdWire.REP_ERR) == 0) {
            throw new NbdBreach("a reply of unknown type " + type + " to an option");
        }
    }

    private static String refusal(int type, ByteBuffer data) {
        String name =
                switch (type) {
                    case NbdWire.REP_ERR_POLICY -> "forbidden";
                    case NbdWire.REP_ERR_INVALID -> "malformed request";
                    case NbdWire.REP_ERR_PLATFORM -> "not on its platform";
                    case NbdWire.REP_ERR_TLS_REQD -> "TLS is required";
                    case NbdWire.REP_ERR_UNKNOWN -> "no such export";
                    case NbdWire.REP_ERR_SHUTDOWN -> "the server ends";
                    case NbdWire.REP_ERR_BLOCK_SIZE_REQD -> "block sizes are required";
                    case NbdWire.REP_ERR_TOO_BIG -> "too long";
                    default -> "error 0x" + Integer.toHexString(type);
                };
        byte[] text = new byte[data.remaining()];
        data.get(text);
        for (int i = 0; i < text.length; i++) {
            text[i] = text[i] < ' ' && text[i] >= 0 ? (byte) '.' : text[i]; // it will be shown on a terminal
        }
        String words = new String(Arrays.copyOf(text, Math.min(text.length, 512)), StandardCharsets.UTF_8);
        return words.isEmpty() ? name : name + ": " + words;
    }
}
