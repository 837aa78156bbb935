package io.lockstep.redirect.nbd;

import static io.lockstep.redirect.nbd.NbdWire.CLIENT_FLAGS_LENGTH;
import static io.lockstep.redirect.nbd.NbdWire.FLAG_FIXED_NEWSTYLE;
import static io.lockstep.redirect.nbd.NbdWire.FLAG_NO_ZEROES;
import static io.lockstep.redirect.nbd.NbdWire.OPTION_LENGTH;
import static io.lockstep.redirect.nbd.NbdWire.OPT_ABORT;
import static io.lockstep.redirect.nbd.NbdWire.OPT_EXPORT_NAME;
import static io.lockstep.redirect.nbd.NbdWire.OPT_GO;
import static io.lockstep.redirect.nbd.NbdWire.OPT_INFO;
import static io.lockstep.redirect.nbd.NbdWire.OPT_LIST;
import static io.lockstep.redirect.nbd.NbdWire.OPT_LIST_META_CONTEXT;
import static io.lockstep.redirect.nbd.NbdWire.OPT_MAGIC;
import static io.lockstep.redirect.nbd.NbdWire.OPT_SET_META_CONTEXT;
import static io.lockstep.redirect.nbd.NbdWire.OPT_STARTTLS;
import static io.lockstep.redirect.nbd.NbdWire.OPT_STRUCTURED_REPLY;
import static io.lockstep.redirect.nbd.NbdWire.REP_ACK;
import static io.lockstep.redirect.nbd.NbdWire.REP_ERR_INVALID;
import static io.lockstep.redirect.nbd.NbdWire.REP_ERR_POLICY;
import static io.lockstep.redirect.nbd.NbdWire.REP_ERR_TOO_BIG;
import static io.lockstep.redirect.nbd.NbdWire.REP_ERR_UNKNOWN;
import static io.lockstep.redirect.nbd.NbdWire.REP_ERR_UNSUP;

import java.io.IOException;
import java.nio.channels.SocketChannel;

/**
 * Fixed newstyle negotiation: the client's flags, then options one at a time until one of them opens an export.
 *
 * <p>An option is answered only when the answer to the one before was sent, so a client that does not read gets no memory.
 */
final class Handshake {
    private static final int OPTION = 8;
    private static final int LENGTH = 12;
    private static final int KNOWN_FLAGS = FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES;

    private final Connection connection;
    private final ExportTable exports;
    private final InBuffer in;
    private final OptionReplies out;
    private boolean flagsSeen;
    private boolean noZeroes;
    private boolean structured;
    private boolean over;
    /** The export for which base:allocation was chosen; null if it was for none. */
    private Export allocation;
    /** The option that opens an export and waits for its admission. */
    private int opening;
    /** Bytes of an option that was too long, still to come. */
    private long skip;

    Handshake(Connection connection, ExportTable exports, InBuffer in) {
        this.connection = connection;
        this.exports = exports;
        this.in = in;
        out = new OptionReplies(exports);
        out.greeting();
    }

    boolean hasOutput() {
        return out.hasOutput();
    }

    /** True if the client has said that it wants nothing more. */
    boolean isOver() {
        return over;
    }

    /** Sends what there is; true if that was all. */
    boolean send(SocketChannel channel) throws IOException {
        return out.send(channel);
    }

    /** Takes the next piece of what came. False if there is not enough, or an answer must be sent first. */
    boolean step() throws IOException {
        if (hasOutput() || over) {
            return false;
        }
        if (skip > 0) {
            skip -= in.skip(skip);
            return skip == 0;
        }
        if (!flagsSeen) {
            return in.available() >= CLIENT_FLAGS_LENGTH && clientFlags();
        }
        if (in.available() < OPTION_LENGTH) {
            return false;
        }
        if (in.peekLong(0) != OPT_MAGIC) {
            throw new ProtocolViolation("an option begins with 0x" + Long.toHexString(in.peekLong(0)) + ", not with 0x"
                    + Long.toHexString(OPT_MAGIC));
        }
        int option = in.peekInt(OPTION);
        long length = in.peekInt(LENGTH) & 0xffff_ffffL;
        if (length > InBuffer.CAPACITY - OPTION_LENGTH) {
            tooBig(option, length);
            return true;
        }
        if (in.available() < OPTION_LENGTH + length) {
            return false;
        }
        in.skip(OPTION_LENGTH);
        dispatch(option, new OptionData(in.takeBytes((int) length)));
        connection.wantFlush();
        return true;
    }

    private boolean clientFlags() throws ProtocolViolation {
        int flags = in.peekInt(0);
        if ((flags & FLAG_FIXED_NEWSTYLE) == 0 || (flags & ~KNOWN_FLAGS) != 0) {
            throw new ProtocolViolation("client flags 0x" + Integer.toHexString(flags)
                    + ": fixed newstyle is required, others are not known");
        }
        in.skip(CLIENT_FLAGS_LENGTH);
        noZeroes = (flags & FLAG_NO_ZEROES) != 0;
        flagsSeen = true;
        return true;
    }

    private void tooBig(int option, long length) throws ProtocolViolation {
        if (option == OPT_EXPORT_NAME) {
            throw new ProtocolViolation("an export name of " + length + " bytes");
        }
        in.skip(OPTION_LENGTH);
        skip = length;
        out.error(option, REP_ERR_TOO_BIG, "option of " + length + " bytes: at most " + InBuffer.CAPACITY);
        connection.wantFlush();
    }

    private void dispatch(int option, OptionData data) throws ProtocolViolation {
        switch (option) {
            case OPT_EXPORT_NAME -> open(option, data.rest());
            case OPT_GO -> go(data);
            case OPT_INFO -> info(data);
            case OPT_LIST -> list(data);
            case OPT_STRUCTURED_REPLY -> structuredReply(data);
            case OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT -> metaContext(option, data);
            case OPT_STARTTLS -> out.error(option, REP_ERR_POLICY, "this server does not offer TLS");
            case OPT_ABORT -> {
                out.reply(option, REP_ACK);
                over = true;
            }
            default -> out.error(option, REP_ERR_UNSUP, "option " + option + " is not supported");
        }
    }

    private void go(OptionData data) throws ProtocolViolation {
        String name = data.nameOfInfo();
        if (name == null) {
            out.error(OPT_GO, REP_ERR_INVALID, "malformed");
        } else {
            open(OPT_GO, name);
        }
    }

    private void open(int option, String asked) throws ProtocolViolation {
        opening = option;
        ExportName name = ExportName.parse(asked);
        Export export = exports.find(name.plain());
        if (export == null) {
            fail(REP_ERR_UNKNOWN, "no export is named '" + name.plain() + "'");
        } else if (export.gate() != null && name.generation() == 0) {
            fail(REP_ERR_POLICY, "export '" + export.name() + "' needs a name with a generation: NAME;generation=G");
        } else if (export.gate() == null && name.generation() != 0) {
            fail(REP_ERR_POLICY, "export '" + export.name() + "' has no generations");
        } else {
            connection.open(export, name.generation(), structured, export == allocation);
        }
    }

    private void fail(int error, String text) throws ProtocolViolation {
        if (opening == OPT_EXPORT_NAME) {
            throw new ProtocolViolation(text);
        }
        out.error(opening, error, text);
    }

    /** Answers that the export is open. */
    void accept() {
        if (opening == OPT_EXPORT_NAME) {
            out.exportName(connection.export(), structured, noZeroes);
        } else {
            out.info(opening, connection.export(), structured);
            out.reply(opening, REP_ACK);
        }
    }

    /** Answers that it is not; false if the only answer is to hang up. */
    boolean refuse(String reason) {
        if (opening == OPT_EXPORT_NAME) {
            return false;
        }
        out.error(opening, REP_ERR_POLICY, reason);
        return true;
    }

    private void info(OptionData data) {
        String asked = data.nameOfInfo();
        if (asked == null) {
            out.error(OPT_INFO, REP_ERR_INVALID, "malformed");
            return;
        }
        Export export = exports.find(ExportName.parse(asked).plain());
        if (export == null) {
            out.error(OPT_INFO, REP_ERR_UNKNOWN, "no export has this name");
        } else {
            out.info(OPT_INFO, export, structured);
            out.reply(OPT_INFO, REP_ACK);
        }
    }

    private void list(OptionData data) {
        if (!data.isEmpty()) {
            out.error(OPT_LIST, REP_ERR_INVALID, "LIST carries no data");
        } else {
            exports.all().forEach(out::listed);
            out.reply(OPT_LIST, REP_ACK);
        }
    }

    private void structuredReply(OptionData data) {
        if (!data.isEmpty()) {
            out.error(OPT_STRUCTURED_REPLY, REP_ERR_INVALID, "STRUCTURED_REPLY carries no data");
        } else {
            structured = true;
            out.reply(OPT_STRUCTURED_REPLY, REP_ACK);
        }
    }

    private void metaContext(int option, OptionData data) {
        boolean set = option == OPT_SET_META_CONTEXT;
        if (set) {
            allocation = null;
        }
        MetaQuery query = data.metaQuery();
        if (query == null || !structured) {
            out.error(option, REP_ERR_INVALID, structured ? "malformed" : "ask for structured replies first");
            return;
        }
        Export export = exports.find(ExportName.parse(query.export()).plain());
        if (export == null) {
            out.error(option, REP_ERR_UNKNOWN, "no export has this name");
            return;
        }
        if (set ? query.selectsAllocation() : query.listsAllocation()) {
            out.metaContext(option, set ? BlockStatus.CONTEXT_ID : 0);
            allocation = set ? export : allocation;
        }
        out.reply(option, REP_ACK);
    }
}
