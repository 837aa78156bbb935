package io.lockstep.host.config;

/**
 * The way to the outside.
 *
 * @param tap name of an existing tap device, or empty
 * @param stream {@code host:port} or a socket's path, or empty
 */
public record UplinkConfig(String tap, String stream) {
    /** No way out: the guest's frames are dropped. */
    public static final UplinkConfig NONE = new UplinkConfig("", "");

    /** At most one of the two may be given. */
    public UplinkConfig {
        if (!tap.isEmpty() && !stream.isEmpty()) {
            throw new IllegalArgumentException(
                    "uplink is both tap '" + tap + "' and stream '" + stream + "': must be one of them");
        }
    }
}
