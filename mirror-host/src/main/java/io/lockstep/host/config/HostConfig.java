package io.lockstep.host.config;

import io.lockstep.hypervisor.dirty.TrackerChoice;
import io.lockstep.mirror.MirrorPolicy;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;

/**
 * Everything a host needs to know.
 *
 * @param host name of this host
 * @param runDir guest memory, sockets and receipts; on tmpfs
 * @param arbiterDir directory that both hosts see
 * @param listen interconnect address of this host
 * @param partner name of the other host
 * @param partnerAddress interconnect address of the other host
 * @param memoryLimit bytes this host reserves at most for the partner's guests
 * @param uplink the way to the outside
 * @param tracker how written pages are found
 * @param policy how guests are protected
 * @param guests the guests both hosts know
 */
public record HostConfig(
        String host,
        Path runDir,
        Path arbiterDir,
        InetSocketAddress listen,
        String partner,
        InetSocketAddress partnerAddress,
        long memoryLimit,
        UplinkConfig uplink,
        TrackerChoice tracker,
        MirrorPolicy policy,
        List<GuestConfig> guests) {
    /** Checks what concerns several values. */
    public HostConfig {
        if (host.equals(partner)) {
            throw new IllegalArgumentException("partner.host is '" + partner + "': must differ from host");
        }
        guests = List.copyOf(guests);
        if (guests.size() > 1 && !uplink.equals(UplinkConfig.NONE)) {
            throw new IllegalArgumentException(
                    "uplink is shared by " + guests.size() + " guests: must be one guest, or no uplink");
        }
    }
}
