package io.lockstep.nativeio;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One iSCSI session (RFC 7143) with one logical unit, through libiscsi: an initiator in user space, with a socket of its own. A session that
 * is lost stays lost: it is never connected again behind the caller's back, which would send old commands anew.
 *
 * <p>Commands are numbered by the caller, from 0 to one less than there are slots; each number is in use at most once at a time.
 *
 * <p>Threading: one thread, except {@link #wakeUp()}. No allocation per command.
 */
public final class IscsiSession implements AutoCloseable {
    /** Which way a command's data goes. */
    public enum Direction {
        /** No data. */
        NONE,
        /** From the target. */
        READ,
        /** To the target. */
        WRITE
    }

    /** Is told that a command has ended. Must not submit another one from within. */
    @FunctionalInterface
    public interface Completion {
        /**
         * A command has ended.
         *
         * @param slot its number, or {@link #CONNECTED}
         * @param status {@link #GOOD}, another SCSI status, or one of libiscsi's own from {@link #CANCELLED} on
         * @param sense of {@link #CHECK_CONDITION}: sense key in bits 16 to 19, additional code in 8 to 15, its qualifier in 0 to 7
         */
        void onEnded(int slot, int status, int sense);
    }

    /** The number under which {@link #connect} ends. */
    public static final int CONNECTED = -1;
    /** SCSI status: done. */
    public static final int GOOD = 0;
    /** SCSI status: see the sense. */
    public static final int CHECK_CONDITION = 2;
    /** SCSI status: try again later. */
    public static final int BUSY = 8;
    /** SCSI status: the logical unit is reserved by others. */
    public static final int RESERVATION_CONFLICT = 0x18;
    /** SCSI status: too many commands at a time. */
    public static final int TASK_SET_FULL = 0x28;
    /** libiscsi: the session ended before the command did. */
    public static final int CANCELLED = 0x0f000000;

    /** Most bytes of a command. */
    public static final int CDB_LENGTH = 16;

    private static final String DONE_LIBRARY = "/linux-x86-64/libmirrorscsi.so";
    private static final int SLOT_BYTES = 24;
    private static final int SLOT_TASK = 8;
    private static final int SLOT_INDEX = 16;
    private static final int ENTRY_BYTES = 12;
    private static final int ENTRIES = 4;
    private static final int DATA_BYTES = 16;
    private static final int EFD_FLAGS = LibC.O_NONBLOCK | LibC.O_CLOEXEC;

    private final UnsafeBuffer slots;
    private final UnsafeBuffer queue;
    private final UnsafeBuffer data;
    private final UnsafeBuffer event = new UnsafeBuffer(direct(Long.BYTES));
    private final UnsafeBuffer one = new UnsafeBuffer(direct(Long.BYTES));
    private final int slotCount;
    private final long done;
    private final int wake;
    private long context;
    private int lun;
    private Poller poller;
    private int polledFd = -1;

    /**
     * A session that is not connected.
     *
     * @throws IOException if libiscsi is not on this machine, or refuses
     */
    public IscsiSession(String initiator, int slotCount) throws IOException {
        this.slotCount = slotCount;
        this.slots = new UnsafeBuffer(direct((slotCount + 1) * SLOT_BYTES));
        this.queue = new UnsafeBuffer(direct(ENTRIES + (slotCount + 1) * ENTRY_BYTES));
        this.data = new UnsafeBuffer(direct(slotCount * DATA_BYTES));
        one.putLong(0, 1);
        for (int slot = CONNECTED; slot < slotCount; slot++) {
            int at = (slot + 1) * SLOT_BYTES;
            slots.putLong(at, queue.addressOffset());
            slots.putInt(at + SLOT_INDEX, slot);
        }
        try {
            this.done = Pointer.nativeValue(DoneLibrary.FUNCTION);
            this.context = LibIscsi.iscsi_create_context(initiator);
        } catch (LinkageError e) {
            throw new IOException("libiscsi is not usable (Debian: package libiscsi7): " + e.getMessage(), e);
        }
        if (context == 0) {
            throw new IOException("libiscsi makes no session for the initiator '" + initiator + "'");
        }
        this.wake = LibC.eventfd(0, EFD_FLAGS);
        if (wake < 0) {
            int errno = LibC.errno();
            LibIscsi.iscsi_destroy_context(context);
            throw new NativeIoException("eventfd", errno);
        }
        LibIscsi.iscsi_set_noautoreconnect(context, 1);
    }

    /** The function of src/main/c/scsi, loaded once for the process. */
    private static final class DoneLibrary {
        private static final NativeLibrary LIBRARY = load();
        private static final Pointer FUNCTION = LIBRARY.getFunction("mirror_scsi_done");

        private static NativeLibrary load() {
            try {
                File file = Native.extractFromResourcePath(DONE_LIBRARY, DoneLibrary.class.getClassLoader());
                return NativeLibrary.getInstance(file.getAbsolutePath());
            } catch (IOException e) {
                throw new UnsatisfiedLinkError("resource " + DONE_LIBRARY + ": " + e.getMessage());
            }
        }
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    /**
     * Starts to connect and log in; ends as {@link #CONNECTED}. May block to look up a host name.
     *
     * @param portal host:port
     * @param user for CHAP, empty for none
     */
    public void connect(String portal, String target, int logicalUnit, String user, String password)
            throws IOException {
        lun = logicalUnit;
        check(LibIscsi.iscsi_set_targetname(context, target), "target " + target);
        check(LibIscsi.iscsi_set_session_type(context, LibIscsi.SESSION_NORMAL), "session type");
        check(LibIscsi.iscsi_set_header_digest(context, LibIscsi.DIGEST_NONE_OR_CRC32C), "header digest");
        if (!user.isEmpty()) {
            check(LibIscsi.iscsi_set_initiator_username_pwd(context, user, password), "user " + user);
        }
        check(
                LibIscsi.iscsi_full_connect_async(context, portal, lun, done, slots.addressOffset()),
                "connect to " + portal);
    }

    private void check(int result, String what) throws IOException {
        if (result != 0) {
            throw new IOException("iSCSI: " + what + ": " + error());
        }
    }

    /** What libiscsi says of the last failure. */
    public String error() {
        String text = LibIscsi.iscsi_get_error(context);
        return text == null || text.isBlank() ? "no reason given" : text.strip();
    }

    /**
     * Sends a command. It ends in {@link #service}; until then its data belongs to it.
     *
     * @param cdb address of the command
     * @param address of the data, if any
     * @return false if the session takes no command
     */
    public boolean submit(int slot, long cdb, int cdbLength, Direction direction, long address, int length) {
        int at = (slot + 1) * SLOT_BYTES;
        long task = LibIscsi.scsi_create_task(cdbLength, cdb, direction.ordinal(), length);
        if (task == 0) {
            return false;
        }
        slots.putLong(at + SLOT_TASK, task);
        long out = 0;
        if (direction == Direction.READ) {
            LibIscsi.scsi_task_add_data_in_buffer(task, length, address);
        } else if (direction == Direction.WRITE) {
            data.putLong(slot * DATA_BYTES, length);
            data.putLong(slot * DATA_BYTES + Long.BYTES, address);
            out = data.addressOffset() + (long) slot * DATA_BYTES;
        }
        if (LibIscsi.iscsi_scsi_command_async(context, lun, task, done, out, slots.addressOffset() + at) != 0) {
            free(slot);
            return false;
        }
        return true;
    }

    /** Asks the target to abort all commands of the unit, of all initiators; ends as a command does. False if it cannot be sent. */
    public boolean resetUnit(int slot) {
        return LibIscsi.iscsi_task_mgmt_lun_reset_async(
                        context, lun, done, slots.addressOffset() + (slot + 1) * (long) SLOT_BYTES)
                == 0;
    }

    private void free(int slot) {
        int at = (slot + 1) * SLOT_BYTES + SLOT_TASK;
        long task = slots.getLong(at);
        if (task != 0) {
            slots.putLong(at, 0);
            LibIscsi.scsi_free_scsi_task(task);
        }
    }

    /**
     * Waits at most that long for the socket or {@link #wakeUp}, moves bytes, and tells what has ended.
     *
     * @return how many commands have ended
     * @throws IOException if the session is lost: nothing it was given will be tried again
     */
    public int service(int timeoutMs, Completion completion) throws IOException {
        int fd = LibIscsi.iscsi_get_fd(context);
        if (poller == null || fd != polledFd) {
            poller = new Poller(2);
            poller.add(wake, Poller.IN);
            if (fd >= 0) {
                poller.add(fd, 0);
            }
            polledFd = fd;
        }
        if (fd >= 0) {
            poller.interest(1, LibIscsi.iscsi_which_events(context));
        }
        int result = 0;
        if (poller.poll(timeoutMs) > 0) {
            if (poller.ready(0) != 0) {
                LibC.read(wake, event.addressOffset(), Long.BYTES);
            }
            if (fd >= 0 && poller.ready(1) != 0) {
                result = LibIscsi.iscsi_service(context, poller.ready(1));
            }
        }
        int ended = drain(completion);
        if (result < 0) {
            throw new IOException("iSCSI session lost: " + error());
        }
        return ended;
    }

    private int drain(Completion completion) {
        int count = queue.getInt(0);
        for (int i = 0; i < count; i++) {
            int at = ENTRIES + i * ENTRY_BYTES;
            int slot = queue.getInt(at);
            int status = queue.getInt(at + 4);
            int sense = queue.getInt(at + 8);
            if (slot != CONNECTED) {
                free(slot);
            }
            completion.onEnded(slot, status, sense);
        }
        queue.putInt(0, 0);
        return count;
    }

    /** Ends a wait in {@link #service}. Any thread, as long as the session is not closed. */
    public void wakeUp() {
        LibC.write(wake, one.addressOffset(), Long.BYTES);
    }

    /** Hangs up. What was sent may still reach the target; commands without an answer end here without being told of. Idempotent. */
    @Override
    public void close() {
        if (context != 0) {
            LibIscsi.iscsi_destroy_context(context);
            context = 0;
            for (int slot = 0; slot < slotCount; slot++) {
                free(slot);
            }
            LibC.close(wake);
        }
    }
}
