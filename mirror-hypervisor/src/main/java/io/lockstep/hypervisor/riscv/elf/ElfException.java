package io.lockstep.hypervisor.riscv.elf;

/** A program that cannot be loaded. */
public final class ElfException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is wrong. */
    public enum Problem {
        /** The file does not start like an ELF. */
        NOT_ELF,
        /** Not a 64-bit little-endian file. */
        WRONG_CLASS,
        /** Not for RISC-V. */
        WRONG_MACHINE,
        /** Cut off, or fields point outside the file. */
        MALFORMED,
        /** A segment or the entry does not lie in RAM. */
        OUTSIDE_RAM
    }

    private final Problem problem;

    /** A problem and what it is about. */
    public ElfException(Problem problem, String message) {
        super(message);
        this.problem = problem;
    }

    /** What is wrong. */
    public Problem problem() {
        return problem;
    }
}
