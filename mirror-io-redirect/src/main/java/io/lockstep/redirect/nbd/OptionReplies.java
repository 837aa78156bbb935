package io.lockstep.redirect.nbd;

import static io.lockstep.redirect.nbd.NbdWire.BASE_ALLOCATION;
import static io.lockstep.redirect.nbd.NbdWire.EXPORT_NAME_ZEROES;
import static io.lockstep.redirect.nbd.NbdWire.FLAG_FIXED_NEWSTYLE;
import static io.lockstep.redirect.nbd.NbdWire.FLAG_NO_ZEROES;
import static io.lockstep.redirect.nbd.NbdWire.INFO_BLOCK_SIZE;
import static io.lockstep.redirect.nbd.NbdWire.INFO_DESCRIPTION;
import static io.lockstep.redirect.nbd.NbdWire.INFO_EXPORT;
import static io.lockstep.redirect.nbd.NbdWire.INFO_NAME;
import static io.lockstep.redirect.nbd.NbdWire.INIT_MAGIC;
import static io.lockstep.redirect.nbd.NbdWire.OPTION_REPLY_LENGTH;
import static io.lockstep.redirect.nbd.NbdWire.OPT_LIST;
import static io.lockstep.redirect.nbd.NbdWire.OPT_MAGIC;
import static io.lockstep.redirect.nbd.NbdWire.OPT_REPLY_MAGIC;
import static io.lockstep.redirect.nbd.NbdWire.REP_INFO;
import static io.lockstep.redirect.nbd.NbdWire.REP_META_CONTEXT;
import static io.lockstep.redirect.nbd.NbdWire.REP_SERVER;

import io.lockstep.redirect.block.BlockGeometry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** What the server says during the handshake. Holds the answer to one option, the longest of which is LIST. */
final class OptionReplies {
    /** The longest answer but LIST's: all facts of an export, or the text of an error. */
    private static final int FACTS = 4096;

    private static final int MOST_TEXT = 1024;
    private static final byte[] ALLOCATION = BASE_ALLOCATION.getBytes(StandardCharsets.US_ASCII);

    private final ByteBuffer out;

    OptionReplies(ExportTable exports) {
        int size = FACTS;
        for (Export export : exports.all()) {
            size += OPTION_REPLY_LENGTH + Integer.BYTES + export.nameBytes().length + export.descriptionBytes().length;
        }
        out = ByteBuffer.allocate(size);
    }

    boolean hasOutput() {
        return out.position() > 0;
    }

    /** Sends what there is; true if that was all. */
    boolean send(SocketChannel channel) throws IOException {
        if (hasOutput()) {
            out.flip();
            channel.write(out);
            out.compact();
        }
        return !hasOutput();
    }

    void greeting() {
        out.putLong(INIT_MAGIC).putLong(OPT_MAGIC).putShort((short) (FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES));
    }

    /** An answer without data. */
    void reply(int option, int type) {
        begin(option, type, 0);
    }

    void error(int option, int type, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(bytes.length, MOST_TEXT);
        begin(option, type, length);
        out.put(bytes, 0, length);
    }

    void listed(Export export) {
        byte[] name = export.nameBytes();
        byte[] description = export.descriptionBytes();
        begin(OPT_LIST, REP_SERVER, Integer.BYTES + name.length + description.length);
        out.putInt(name.length).put(name).put(description);
    }

    /** All facts of an export. */
    void info(int option, Export export, boolean structured) {
        BlockGeometry geometry = export.geometry();
        begin(option, REP_INFO, Short.BYTES + Long.BYTES + Short.BYTES);
        out.putShort((short) INFO_EXPORT).putLong(geometry.sizeBytes());
        out.putShort((short) export.transmissionFlags(structured));
        text(option, INFO_NAME, export.nameBytes());
        text(option, INFO_DESCRIPTION, export.descriptionBytes());
        begin(option, REP_INFO, Short.BYTES + 3 * Integer.BYTES);
        out.putShort((short) INFO_BLOCK_SIZE);
        out.putInt(geometry.minBlock()).putInt(geometry.preferredBlock()).putInt(export.maxPayload());
    }

    private void text(int option, int fact, byte[] text) {
        if (text.length > 0) {
            begin(option, REP_INFO, Short.BYTES + text.length);
            out.putShort((short) fact).put(text);
        }
    }

    void metaContext(int option, int id) {
        begin(option, REP_META_CONTEXT, Integer.BYTES + ALLOCATION.length);
        out.putInt(id).put(ALLOCATION);
    }

    /** The answer to EXPORT_NAME, which has no header. */
    void exportName(Export export, boolean structured, boolean noZeroes) {
        out.putLong(export.geometry().sizeBytes());
        out.putShort((short) export.transmissionFlags(structured));
        if (!noZeroes) {
            out.put(new byte[EXPORT_NAME_ZEROES]);
        }
    }

    private void begin(int option, int type, int length) {
        out.putLong(OPT_REPLY_MAGIC).putInt(option).putInt(type).putInt(length);
    }
}
