package io.lockstep.redirect.regions;

import java.io.IOException;

/** Why a region log cannot be used. */
public final class RegionLogException extends IOException {
    /** What is wrong. */
    public enum Kind {
        /** The file is no region log. */
        WRONG_MAGIC,
        /** Written by another version of this library. */
        OTHER_VERSION,
        /** Both headers are damaged. */
        TORN,
        /** The log is of a disk of another size, or the file has another length than it must have. */
        WRONG_SIZE,
        /** The log is of another disk. */
        OTHER_DISK,
        /** Somebody has it open. */
        IN_USE,
        /** There is no room for it. */
        NO_SPACE,
        /** The medium failed. */
        IO
    }

    private static final long serialVersionUID = 1L;

    private final Kind kind;

    RegionLogException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    RegionLogException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What is wrong. */
    public Kind kind() {
        return kind;
    }

    /** What an error of the file system means. */
    static Kind kindOf(IOException e) {
        if (e instanceof RegionLogException known) {
            return known.kind;
        }
        String text = String.valueOf(e.getMessage());
        return text.contains("No space left") || text.contains("quota exceeded") ? Kind.NO_SPACE : Kind.IO;
    }
}
