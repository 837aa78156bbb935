package io.lockstep.hypervisor.dirty;

/**
 * Whether a tracker works here.
 *
 * @param reason what is missing, for people; empty if nothing is
 */
public record Support(String reason) {
    /** True if nothing is missing. */
    public boolean ok() {
        return reason.isEmpty();
    }
}
