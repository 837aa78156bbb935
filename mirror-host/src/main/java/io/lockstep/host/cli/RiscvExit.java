package io.lockstep.host.cli;

/** Exit codes of {@code mirror riscv run}. */
enum RiscvExit {
    /** The program said that all is well. */
    PASS(0),
    /** The program said that something is wrong: the message has the number. */
    FAIL(1),
    /** Bad command line. */
    USAGE(2),
    /** The file cannot be read. */
    UNREADABLE(3),
    /** Not an ELF file. */
    NOT_ELF(4),
    /** An ELF of another class or byte order. */
    WRONG_CLASS(5),
    /** An ELF for another machine. */
    WRONG_MACHINE(6),
    /** An ELF that is cut off or damaged. */
    MALFORMED(7),
    /** A segment or the entry is not in RAM. */
    OUTSIDE_RAM(8),
    /** The program has no way to say how it ended. */
    NO_TOHOST(9),
    /** Stopped at the limit of instructions. */
    LIMIT(10),
    /** The program waits for an interrupt that cannot come. */
    STUCK(11);

    private final int code;

    RiscvExit(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
