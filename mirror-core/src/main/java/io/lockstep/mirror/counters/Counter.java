package io.lockstep.mirror.counters;

/** Everything that is counted, in one place. */
public enum Counter {
    /** Epochs captured. */
    EPOCHS_CAPTURED("epochs captured"),
    /** Epochs acknowledged by the secondary (on the primary) or committed (on the secondary). */
    EPOCHS_COMMITTED("epochs committed"),
    /** Checkpoints that the hypervisor refused. */
    CHECKPOINTS_FAILED("checkpoints failed"),
    /** Nanoseconds the guest was paused, in all. */
    PAUSE_NS("pause, ns"),
    /** The last pause in nanoseconds. */
    LAST_PAUSE_NS("last pause, ns"),
    /** Pages in the last epoch. */
    LAST_DIRTY_PAGES("dirty pages, last epoch"),
    /** Pages sent in epochs. */
    PAGES("pages"),
    /** Those of them that are blocks of the disk. */
    BLOCKS("disk blocks"),
    /** Pages sent while the guest ran, during a full copy. */
    SYNC_PAGES("pages copied while running"),
    /** Pages still owed to the partner. */
    OWED_PAGES("pages owed"),
    /** Payload bytes on the bulk channel. */
    WIRE_BYTES("wire bytes"),
    /** Bytes of pages before encoding. */
    RAW_BYTES("raw bytes"),
    /** Frames from the guest that were released. */
    OUTPUTS_RELEASED("outputs released"),
    /** Frames from the guest that wait. */
    OUTPUTS_HELD("outputs held"),
    /** Frames to the guest that were dropped because its card was full. */
    INPUTS_DROPPED("inputs dropped"),
    /** From capture to acknowledgement of the last epoch, in nanoseconds. */
    LAST_LAG_NS("last lag, ns"),
    /** Times the link to the partner was lost. */
    LINK_LOSSES("link losses"),
    /** Times the send window was full while the guest was paused. */
    WINDOW_FULL("window full"),
    /** Times the dirty tracker lost count, so that every page was sent. */
    TRACKER_LOST("dirty tracker lost count");

    private final String label;

    Counter(String label) {
        this.label = label;
    }

    /** The name to show. */
    public String label() {
        return label;
    }
}
