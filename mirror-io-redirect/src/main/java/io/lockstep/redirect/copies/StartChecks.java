package io.lockstep.redirect.copies;

import io.lockstep.redirect.block.BlockGeometry;
import java.util.List;

/** Whether two places can be copies of one disk at all. Collects every reason against it. */
final class StartChecks {
    private StartChecks() {}

    static void check(Copy first, Copy second, MirrorConfig config, List<String> refusals) {
        if (first.name().equals(second.name())) {
            refusals.add("both copies are called " + first.name());
        }
        if (!first.identity().isEmpty() && first.identity().equals(second.identity())) {
            refusals.add("both copies are the same place: " + first.identity());
        }
        if (first.device() != null && first.device() == second.device()) {
            refusals.add("both copies are the same device");
        }
        if (first.log().logId() == second.log().logId()) {
            refusals.add("both copies have the same region log (or one was made by copying the other)");
        }
        if (first.log().regionBytes() != second.log().regionBytes()) {
            refusals.add("the region logs have regions of " + first.log().regionBytes() + " and of "
                    + second.log().regionBytes() + " bytes: must be equal");
        }
        if (first.device() == null && second.device() == null) {
            refusals.add("no copy can be reached");
        }
        check(first, config, refusals);
        check(second, config, refusals);
        if (first.device() != null && second.device() != null) {
            compare(first, second, config, refusals);
        }
    }

    /** One copy against its log and the configuration. */
    static void check(Copy copy, MirrorConfig config, List<String> refusals) {
        if (copy.device() == null) {
            return;
        }
        BlockGeometry geometry = copy.device().geometry();
        if (geometry.readOnly()) {
            refusals.add("copy " + copy.name() + " is read-only");
        }
        if (geometry.sizeBytes() != copy.log().diskBytes()) {
            refusals.add("copy " + copy.name() + " has " + geometry.sizeBytes()
                    + " bytes, but its region log is of a disk of " + copy.log().diskBytes());
        }
        if (geometry.minBlock() > copy.log().regionBytes()) {
            refusals.add("copy " + copy.name() + " has blocks of " + geometry.minBlock()
                    + " bytes, larger than a region of its log (" + copy.log().regionBytes() + ")");
        }
        if (config.blockBytes() != 0 && geometry.minBlock() > config.blockBytes()) {
            refusals.add("copy " + copy.name() + " has blocks of " + geometry.minBlock() + " bytes: must be at most "
                    + config.blockBytes() + " (blockBytes)");
        }
    }

    private static void compare(Copy first, Copy second, MirrorConfig config, List<String> refusals) {
        BlockGeometry one = first.device().geometry();
        BlockGeometry two = second.device().geometry();
        if (one.sizeBytes() != two.sizeBytes()) {
            refusals.add("the copies have " + one.sizeBytes() + " and " + two.sizeBytes() + " bytes: must be equal");
        }
        if (config.blockBytes() == 0 && one.minBlock() != two.minBlock()) {
            refusals.add("the copies have blocks of " + one.minBlock() + " and " + two.minBlock()
                    + " bytes: must be equal, or blockBytes must say what clients are promised");
        }
    }

    /** What clients see: what both copies can do. */
    static BlockGeometry common(Copy first, Copy second, int blockBytes) {
        BlockGeometry one = (first.device() == null ? second : first).device().geometry();
        BlockGeometry two = (second.device() == null ? first : second).device().geometry();
        boolean both = first.device() != null && second.device() != null;
        int minBlock = blockBytes == 0 ? Math.max(one.minBlock(), two.minBlock()) : blockBytes;
        int preferred = Math.max(Math.max(one.preferredBlock(), two.preferredBlock()), Math.max(512, minBlock));
        int transfer = Math.min(one.maxTransfer(), two.maxTransfer());
        boolean zero = both && one.fastZero() && two.fastZero();
        // A discard would leave the copies with different bytes; zeroes do not, where they are cheap.
        return new BlockGeometry(one.sizeBytes(), minBlock, Math.min(preferred, transfer), transfer, false, zero, zero);
    }
}
