package io.lockstep.hypervisor.qemu;

/**
 * QEMU's refusal of a command.
 *
 * @param command what was refused
 * @param errorClass QEMU's class, such as {@code GenericError} or {@code CommandNotFound}
 * @param desc QEMU's words
 */
record QmpError(QmpCommand command, String errorClass, String desc) {
    boolean commandMissing() {
        return errorClass.equals("CommandNotFound");
    }

    /** True right after a migration: the same command will work in a moment. */
    boolean notFinalized() {
        return desc.contains("not finalized");
    }

    @Override
    public String toString() {
        return command.wireName() + " refused: " + desc + " (" + errorClass + ")";
    }
}
