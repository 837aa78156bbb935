package io.lockstep.hypervisor.qemu;

import java.util.List;

/** A guest spec with values that are not allowed: all of them, each with its key, its value and what would be allowed. */
public final class InvalidGuestSpecException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** One value that is not allowed. */
    public record Problem(String key, String value, String allowed) implements java.io.Serializable {
        @Override
        public String toString() {
            return key + " is '" + value + "'; allowed: " + allowed;
        }
    }

    private final transient List<Problem> problems;

    InvalidGuestSpecException(List<Problem> problems) {
        super("invalid guest: "
                + String.join(" | ", problems.stream().map(Problem::toString).toList()));
        this.problems = List.copyOf(problems);
    }

    /** Every problem found, in the order of the spec's components. */
    public List<Problem> problems() {
        return problems;
    }
}
