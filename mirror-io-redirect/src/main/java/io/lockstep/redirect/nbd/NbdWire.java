package io.lockstep.redirect.nbd;

/**
 * The numbers of the NBD protocol, fixed newstyle, as both a server and a client need them. All fields are big endian. The names are those
 * of the specification (NetworkBlockDevice, {@code doc/proto.md}) without the leading {@code NBD_}.
 *
 * <pre>
 *   server greeting    | INIT_MAGIC 8 | OPT_MAGIC 8 | FLAG_* 2 |
 *   client flags       | FLAG_C_* 4 |
 *   option             | OPT_MAGIC 8 | OPT_* 4 | length 4 | data ...
 *   option reply       | OPT_REPLY_MAGIC 8 | OPT_* 4 | REP_* 4 | length 4 | data ...
 *   EXPORT_NAME reply  | size 8 | TRANSMIT_* 2 | 124 zeroes, unless FLAG_NO_ZEROES |
 *
 *   request            | REQUEST_MAGIC 4 | CMD_FLAG_* 2 | CMD_* 2 | cookie 8 | offset 8 | length 4 | data of a WRITE ...
 *   simple reply       | SIMPLE_REPLY_MAGIC 4 | error 4 | cookie 8 | data of a READ ...
 *   structured chunk   | CHUNK_MAGIC 4 | REPLY_FLAG_* 2 | REPLY_TYPE_* 2 | cookie 8 | length 4 | payload ...
 * </pre>
 */
public final class NbdWire {
    /** {@code "NBDMAGIC"}: the first eight bytes a server sends. */
    public static final long INIT_MAGIC = 0x4e42444d41474943L;
    /** {@code "IHAVEOPT"}: second in the greeting, and before each option. */
    public static final long OPT_MAGIC = 0x49484156454F5054L;
    /** Before each reply to an option. */
    public static final long OPT_REPLY_MAGIC = 0x0003e889045565a9L;
    /** Before each request. */
    public static final int REQUEST_MAGIC = 0x25609513;
    /** Before a simple reply. */
    public static final int SIMPLE_REPLY_MAGIC = 0x67446698;
    /** Before each chunk of a structured reply. */
    public static final int CHUNK_MAGIC = 0x668e33ef;

    /** Bytes of the server's greeting. */
    public static final int GREETING_LENGTH = 18;
    /** Bytes of the client's flags. */
    public static final int CLIENT_FLAGS_LENGTH = 4;
    /** Bytes of an option before its data. */
    public static final int OPTION_LENGTH = 16;
    /** Bytes of an option reply before its data. */
    public static final int OPTION_REPLY_LENGTH = 20;
    /** Bytes of the answer to EXPORT_NAME without the zeroes. */
    public static final int EXPORT_NAME_REPLY_LENGTH = 10;
    /** Zeroes after the answer to EXPORT_NAME, unless both sides said NO_ZEROES. */
    public static final int EXPORT_NAME_ZEROES = 124;
    /** Bytes of a request before its data. */
    public static final int REQUEST_LENGTH = 28;
    /** Bytes of a simple reply before its data. */
    public static final int SIMPLE_REPLY_LENGTH = 16;
    /** Bytes of a chunk before its payload. */
    public static final int CHUNK_LENGTH = 20;
    /** The longest string (name, text of an error) in bytes of UTF-8. */
    public static final int MAX_STRING = 4096;

    /** Greeting and client flags: fixed newstyle. */
    public static final int FLAG_FIXED_NEWSTYLE = 1;
    /** Greeting and client flags: no zeroes after the answer to EXPORT_NAME. */
    public static final int FLAG_NO_ZEROES = 1 << 1;

    /** Option: choose an export and start; errors can only be told by hanging up. */
    public static final int OPT_EXPORT_NAME = 1;
    /** Option: the client leaves. */
    public static final int OPT_ABORT = 2;
    /** Option: names of the exports. */
    public static final int OPT_LIST = 3;
    /** Option: begin TLS. */
    public static final int OPT_STARTTLS = 5;
    /** Option: facts of an export. */
    public static final int OPT_INFO = 6;
    /** Option: facts of an export, then start. */
    public static final int OPT_GO = 7;
    /** Option: from now on replies are structured. */
    public static final int OPT_STRUCTURED_REPLY = 8;
    /** Option: which meta contexts there are. */
    public static final int OPT_LIST_META_CONTEXT = 9;
    /** Option: choose meta contexts for BLOCK_STATUS. */
    public static final int OPT_SET_META_CONTEXT = 10;
    /** Option: 64-bit headers. */
    public static final int OPT_EXTENDED_HEADERS = 11;

    /** Option reply: done. */
    public static final int REP_ACK = 1;
    /** Option reply: an export's name. */
    public static final int REP_SERVER = 2;
    /** Option reply: a fact, {@code INFO_*}. */
    public static final int REP_INFO = 3;
    /** Option reply: a meta context. */
    public static final int REP_META_CONTEXT = 4;
    /** Set in every option reply that is an error. */
    public static final int REP_ERR = 1 << 31;
    /** Option reply: the option is not known. */
    public static final int REP_ERR_UNSUP = REP_ERR | 1;
    /** Option reply: forbidden. */
    public static final int REP_ERR_POLICY = REP_ERR | 2;
    /** Option reply: malformed. */
    public static final int REP_ERR_INVALID = REP_ERR | 3;
    /** Option reply: not on this platform. */
    public static final int REP_ERR_PLATFORM = REP_ERR | 4;
    /** Option reply: TLS first. */
    public static final int REP_ERR_TLS_REQD = REP_ERR | 5;
    /** Option reply: no such export. */
    public static final int REP_ERR_UNKNOWN = REP_ERR | 6;
    /** Option reply: the server ends. */
    public static final int REP_ERR_SHUTDOWN = REP_ERR | 7;
    /** Option reply: ask for INFO_BLOCK_SIZE first. */
    public static final int REP_ERR_BLOCK_SIZE_REQD = REP_ERR | 8;
    /** Option reply: the option is too long. */
    public static final int REP_ERR_TOO_BIG = REP_ERR | 9;

    /** Fact: size 8, TRANSMIT_* 2. */
    public static final int INFO_EXPORT = 0;
    /** Fact: the export's canonical name. */
    public static final int INFO_NAME = 1;
    /** Fact: a description for people. */
    public static final int INFO_DESCRIPTION = 2;
    /** Fact: minimum, preferred and maximum block size, 4 each. */
    public static final int INFO_BLOCK_SIZE = 3;

    /** Transmission flags: must be set. */
    public static final int TRANSMIT_HAS_FLAGS = 1;
    /** Transmission flags: no writes. */
    public static final int TRANSMIT_READ_ONLY = 1 << 1;
    /** Transmission flags: CMD_FLUSH works. */
    public static final int TRANSMIT_SEND_FLUSH = 1 << 2;
    /** Transmission flags: CMD_FLAG_FUA works. */
    public static final int TRANSMIT_SEND_FUA = 1 << 3;
    /** Transmission flags: the medium rotates. */
    public static final int TRANSMIT_ROTATIONAL = 1 << 4;
    /** Transmission flags: CMD_TRIM works. */
    public static final int TRANSMIT_SEND_TRIM = 1 << 5;
    /** Transmission flags: CMD_WRITE_ZEROES and CMD_FLAG_NO_HOLE work. */
    public static final int TRANSMIT_SEND_WRITE_ZEROES = 1 << 6;
    /** Transmission flags: CMD_FLAG_DF works. */
    public static final int TRANSMIT_SEND_DF = 1 << 7;
    /** Transmission flags: FLUSH and FUA of one connection cover what was completed on every other. */
    public static final int TRANSMIT_CAN_MULTI_CONN = 1 << 8;
    /** Transmission flags: CMD_CACHE works. */
    public static final int TRANSMIT_SEND_CACHE = 1 << 10;
    /** Transmission flags: CMD_FLAG_FAST_ZERO works. */
    public static final int TRANSMIT_SEND_FAST_ZERO = 1 << 11;

    /** Command: read. */
    public static final int CMD_READ = 0;
    /** Command: write. */
    public static final int CMD_WRITE = 1;
    /** Command: the client leaves; no reply. */
    public static final int CMD_DISC = 2;
    /** Command: make durable what was replied to. */
    public static final int CMD_FLUSH = 3;
    /** Command: discard. */
    public static final int CMD_TRIM = 4;
    /** Command: read ahead. */
    public static final int CMD_CACHE = 5;
    /** Command: zero a range. */
    public static final int CMD_WRITE_ZEROES = 6;
    /** Command: which parts are stored. */
    public static final int CMD_BLOCK_STATUS = 7;

    /** Command flag: reply when it is durable. */
    public static final int CMD_FLAG_FUA = 1;
    /** Command flag of WRITE_ZEROES: stay allocated. */
    public static final int CMD_FLAG_NO_HOLE = 1 << 1;
    /** Command flag of READ: one chunk. */
    public static final int CMD_FLAG_DF = 1 << 2;
    /** Command flag of BLOCK_STATUS: one extent. */
    public static final int CMD_FLAG_REQ_ONE = 1 << 3;
    /** Command flag of WRITE_ZEROES: fail rather than be slow. */
    public static final int CMD_FLAG_FAST_ZERO = 1 << 4;

    /** Chunk flag: the last one of its reply. */
    public static final int REPLY_FLAG_DONE = 1;
    /** Chunk: nothing but the header. */
    public static final int REPLY_TYPE_NONE = 0;
    /** Chunk: offset 8, data. */
    public static final int REPLY_TYPE_OFFSET_DATA = 1;
    /** Chunk: offset 8, length 4 of zeroes. */
    public static final int REPLY_TYPE_OFFSET_HOLE = 2;
    /** Chunk: context id 4, then length 4 and STATE_* 4 for each extent. */
    public static final int REPLY_TYPE_BLOCK_STATUS = 5;
    /** Set in every chunk type that is an error. */
    public static final int REPLY_TYPE_ERR = 1 << 15;
    /** Chunk: error 4, length 2 of text, text. */
    public static final int REPLY_TYPE_ERROR = REPLY_TYPE_ERR | 1;
    /** Chunk: as ERROR, then offset 8. */
    public static final int REPLY_TYPE_ERROR_OFFSET = REPLY_TYPE_ERR | 2;

    /** The meta context every server should have. */
    public static final String BASE_ALLOCATION = "base:allocation";
    /** base:allocation: the extent is a hole. */
    public static final int STATE_HOLE = 1;
    /** base:allocation: the extent reads as zeroes. */
    public static final int STATE_ZERO = 1 << 1;

    /** No error. */
    public static final int OK = 0;
    /** Error: not permitted, read-only. */
    public static final int EPERM = 1;
    /** Error: input or output failed. */
    public static final int EIO = 5;
    /** Error: no memory. */
    public static final int ENOMEM = 12;
    /** Error: the request is wrong. */
    public static final int EINVAL = 22;
    /** Error: no space, or a write beyond the end. */
    public static final int ENOSPC = 28;
    /** Error: too large for this server. */
    public static final int EOVERFLOW = 75;
    /** Error: not supported. */
    public static final int ENOTSUP = 95;
    /** Error: the server ends. A client may give up for good on it, so our server never sends it. */
    public static final int ESHUTDOWN = 108;

    private NbdWire() {}
}
