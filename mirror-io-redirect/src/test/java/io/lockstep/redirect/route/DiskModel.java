package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockFault;
import java.util.ArrayList;
import java.util.List;

/**
 * Knows what each block may hold. The device orders requests that overlap by their submission, so a read returns the newest older write;
 * a write that failed may have taken effect or not, until the next one succeeds.
 */
final class DiskModel {
    private static final class Version {
        private final long value;
        private BlockFault fault;

        Version(long value) {
            this.value = value;
        }
    }

    private final List<List<Version>> blocks = new ArrayList<>();

    DiskModel(int count) {
        for (int i = 0; i < count; i++) {
            List<Version> versions = new ArrayList<>();
            Version zero = new Version(0);
            zero.fault = BlockFault.NONE;
            versions.add(zero);
            blocks.add(versions);
        }
    }

    /** Versions of a block so far: what a request that is submitted now must see. */
    int mark(int block) {
        return blocks.get(block).size();
    }

    void submitted(int block, long value) {
        blocks.get(block).add(new Version(value));
    }

    void ended(int block, int mark, BlockFault fault) {
        blocks.get(block).get(mark).fault = fault;
    }

    /** Why a read that was submitted at {@code mark} may not return {@code value}; empty if it may. */
    String judgeRead(int block, int mark, long value) {
        List<Version> versions = blocks.get(block);
        List<Long> allowed = new ArrayList<>();
        for (int i = mark - 1; i >= 0; i--) {
            Version version = versions.get(i);
            if (version.fault != BlockFault.NOT_ISSUED) {
                allowed.add(version.value);
            }
            if (version.fault == BlockFault.NONE) {
                break;
            }
            if (version.fault == null) {
                return "block " + block + " was read before the older write of " + version.value + " ended";
            }
        }
        return allowed.contains(value) ? "" : "block " + block + " holds " + value + ", allowed: " + allowed;
    }

    /** Why a flush that was submitted at {@code mark} may not leave {@code value} durable; empty if it may. */
    String judgeFlush(int block, int mark, long value) {
        List<Version> versions = blocks.get(block);
        for (int i = versions.size() - 1; i >= 0; i--) {
            if (versions.get(i).value == value) {
                return "";
            }
            if (i < mark && versions.get(i).fault == BlockFault.NONE) {
                break;
            }
        }
        return "block " + block + " has " + value + " durable after a flush, which is lost or old";
    }

    /** Newest version that a flush submitted now covers: acknowledged ones only. */
    int acknowledged(int block) {
        List<Version> versions = blocks.get(block);
        int i = versions.size();
        while (versions.get(i - 1).fault != BlockFault.NONE) {
            i--;
        }
        return i;
    }
}
