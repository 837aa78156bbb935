package io.lockstep.redirect.path.iscsi;

import io.lockstep.nativeio.IscsiSession.Direction;
import io.lockstep.redirect.block.BlockFault;
import java.io.IOException;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Who may write to the unit: SCSI-3 persistent reservations (SPC-5, 5.14), type "write exclusive, registrants only". A path registers a key
 * of its own when it opens; a later owner removes the keys of all earlier ones with PREEMPT AND ABORT, which also ends their commands at the
 * target. From then on whatever is still on its way from an earlier owner meets a reservation conflict (invariant I4).
 *
 * <pre>
 *   key   | disk 24 bits | path 8 bits | generation 32 bits |
 * </pre>
 *
 * <p>An opening path registers first and looks for newer keys then; a fence is called after its own path has registered. So of two that
 * overlap, at least one sees the other: the older one leaves, or the newer one removes it.
 */
final class Reservations {
    private static final int READ_KEYS = 0;
    private static final int READ_RESERVATION = 1;
    private static final int REGISTER = 0;
    private static final int RESERVE = 1;
    private static final int PREEMPT = 4;
    private static final int PREEMPT_AND_ABORT = 5;
    private static final int REGISTER_AND_IGNORE = 6;
    private static final int REGISTRANTS_ONLY = 5;
    private static final int PARAMETERS = 24;
    private static final int KEYS_LENGTH = 2048;
    private static final int RESERVATION_LENGTH = 32;
    private static final int HEADER = 8;
    private static final int DISK_SHIFT = 40;
    private static final int PATH_SHIFT = 32;
    private static final long GENERATION_MASK = 0xffff_ffffL;
    private static final ByteOrder BIG = ByteOrder.BIG_ENDIAN;

    private final AdminCommands admin;
    private final int disk;
    private final long own;
    private final long generation;

    /**
     * For one opening of a path.
     *
     * @throws IOException if the generation has no room in a key
     */
    Reservations(AdminCommands admin, IscsiPathConfig config, long generation) throws IOException {
        if (generation < 1 || generation > GENERATION_MASK) {
            throw new IOException(
                    "generation " + generation + " has no room in a key: must be from 1 to " + GENERATION_MASK);
        }
        this.admin = admin;
        this.disk = config.diskKey();
        this.generation = generation;
        this.own = (long) config.diskKey() << DISK_SHIFT | (long) config.pathKey() << PATH_SHIFT | generation;
    }

    /**
     * Registers this opening. False if the unit knows no reservations.
     *
     * @throws IOException if there is a newer owner, or a foreign one
     */
    boolean enter() throws IOException {
        ScsiCommands.reserveIn(admin.cdb(), admin.cdbAt(), READ_KEYS, KEYS_LENGTH);
        BlockFault first = admin.run("PERSISTENT RESERVE IN", Direction.READ, KEYS_LENGTH);
        if (first == BlockFault.NOT_SUPPORTED) {
            return false;
        }
        requireNewest();
        out("REGISTER", REGISTER_AND_IGNORE, 0, own);
        try {
            requireNewest();
            reserve();
        } catch (IOException e) {
            leave();
            throw e;
        }
        return true;
    }

    private void requireNewest() throws IOException {
        int keys = readKeys();
        for (int i = 0; i < keys; i++) {
            long key = key(i);
            if (isOfDisk(key) && (key & GENERATION_MASK) > generation) {
                throw new IOException("fenced: generation " + generation
                        + " is over, the unit is registered for generation " + (key & GENERATION_MASK));
            }
        }
    }

    private void reserve() throws IOException {
        while (true) {
            ScsiCommands.reserveIn(admin.cdb(), admin.cdbAt(), READ_RESERVATION, RESERVATION_LENGTH);
            admin.require("READ RESERVATION", Direction.READ, RESERVATION_LENGTH);
            UnsafeBuffer data = admin.data();
            if (data.getInt(4, BIG) == 0) {
                if (tryOut(RESERVE, own, 0) == BlockFault.FENCED) {
                    continue; // somebody was faster: see who
                }
                return;
            }
            int type = data.getByte(HEADER + 13) & 0xf;
            long holder = data.getLong(HEADER, BIG);
            if (type != REGISTRANTS_ONLY || !isOfDisk(holder)) {
                throw new IOException("the unit is reserved by another user: type " + type + ", key "
                        + Long.toHexString(holder) + "; ours begin with " + Integer.toHexString(disk));
            }
            return;
        }
    }

    /** Removes every key of this disk with a lower generation; empty if none is left. */
    String fence(long below) throws IOException {
        int keys = readKeys();
        long[] old = new long[keys];
        int count = 0;
        for (int i = 0; i < keys; i++) {
            if (isOld(key(i), below)) {
                old[count++] = key(i);
            }
        }
        String refusal = "";
        for (int i = 0; i < count; i++) {
            if (preempt(old[i]) != BlockFault.NONE) {
                refusal = admin.lastOutcome(); // a key that is gone meanwhile is as good: see below
            }
        }
        keys = readKeys();
        boolean registered = false;
        for (int i = 0; i < keys; i++) {
            registered |= key(i) == own;
            if (isOld(key(i), below)) {
                return "key " + Long.toHexString(key(i)) + " is still registered: " + refusal;
            }
        }
        return registered ? "" : "this path is not registered any more: a newer owner has fenced it";
    }

    /** A target that cannot abort what it preempts (tgt) is told to preempt, then to abort whatever the unit still has. */
    private BlockFault preempt(long key) throws IOException {
        BlockFault fault = tryOut(PREEMPT_AND_ABORT, own, key);
        if (fault != BlockFault.NOT_SUPPORTED) {
            return fault;
        }
        fault = tryOut(PREEMPT, own, key);
        if (fault == BlockFault.NONE) {
            admin.resetUnit();
        }
        return fault;
    }

    /** Takes the registration back. */
    void leave() throws IOException {
        tryOut(REGISTER, own, 0);
    }

    private boolean isOld(long key, long below) {
        return key != own && isOfDisk(key) && (key & GENERATION_MASK) < below;
    }

    private boolean isOfDisk(long key) {
        return key >>> DISK_SHIFT == disk;
    }

    private int readKeys() throws IOException {
        ScsiCommands.reserveIn(admin.cdb(), admin.cdbAt(), READ_KEYS, KEYS_LENGTH);
        admin.require("READ KEYS", Direction.READ, KEYS_LENGTH);
        int bytes = admin.data().getInt(4, BIG);
        if (bytes < 0 || bytes > KEYS_LENGTH - HEADER) {
            throw new IOException(
                    "the unit has " + bytes + " bytes of keys: must be at most " + (KEYS_LENGTH - HEADER));
        }
        return bytes / Long.BYTES;
    }

    private long key(int index) {
        return admin.data().getLong(HEADER + index * Long.BYTES, BIG);
    }

    private void out(String what, int action, long key, long actionKey) throws IOException {
        if (tryOut(action, key, actionKey) != BlockFault.NONE) {
            throw new IOException(what + " of key " + Long.toHexString(actionKey) + " failed: " + admin.lastOutcome());
        }
    }

    private BlockFault tryOut(int action, long key, long actionKey) throws IOException {
        UnsafeBuffer data = admin.data();
        data.setMemory(0, PARAMETERS, (byte) 0);
        data.putLong(0, key, BIG);
        data.putLong(Long.BYTES, actionKey, BIG);
        int type = action == RESERVE || action == PREEMPT || action == PREEMPT_AND_ABORT ? REGISTRANTS_ONLY : 0;
        ScsiCommands.reserveOut(admin.cdb(), admin.cdbAt(), action, type, PARAMETERS);
        return admin.run("PERSISTENT RESERVE OUT", Direction.WRITE, PARAMETERS);
    }
}
