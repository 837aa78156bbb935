package io.lockstep.redirect.route;

/** Holds the device's state and lets it change only along the table. */
final class DeviceCell {
    private final RedirectListener listener;
    private DeviceState state = DeviceState.OPENING;
    private String reason = "no path was open yet";

    DeviceCell(RedirectListener listener) {
        this.listener = listener;
    }

    DeviceState state() {
        return state;
    }

    String reason() {
        return reason;
    }

    boolean is(DeviceState one) {
        return state == one;
    }

    /** Says more about the state it is in. */
    void explain(String why) {
        reason = why;
    }

    void become(DeviceState next, String why) {
        DeviceState before = state;
        if (!next.mayFollow(before)) {
            throw new IllegalStateException(
                    "ILLEGAL TRANSITION of the disk: " + before + " -> " + next + " (" + why + ")");
        }
        state = next;
        reason = why;
        listener.onState(before, next, why);
    }
}
