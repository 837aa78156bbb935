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
    /** What the partner's guests may reserve unless something else is said: as much as there is. */
    private static final long DEFAULT_MEMORY_LIMIT = 1L << 40;

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

    /**
     * A host with defaults: the standard policy, the best tracker there is, no uplink, as much memory for the partner's guests as there is,
     * and no guest; {@code MirrorHost.protect} and {@code accept} bring them.
     */
    public static HostConfig of(
            String host,
            InetSocketAddress listen,
            String partner,
            InetSocketAddress partnerAddress,
            Path runDir,
            Path arbiterDir) {
        return new HostConfig(
                host,
                runDir,
                arbiterDir,
                listen,
                partner,
                partnerAddress,
                DEFAULT_MEMORY_LIMIT,
                UplinkConfig.NONE,
                TrackerChoice.AUTO,
                MirrorPolicy.standard(),
                List.of());
    }

    /** The same with another way to the outside. */
    public HostConfig withUplink(UplinkConfig way) {
        return new HostConfig(
                host, runDir, arbiterDir, listen, partner, partnerAddress, memoryLimit, way, tracker, policy, guests);
    }

    /** The same with another policy. */
    public HostConfig withPolicy(MirrorPolicy wanted) {
        return new HostConfig(
                host,
                runDir,
                arbiterDir,
                listen,
                partner,
                partnerAddress,
                memoryLimit,
                uplink,
                tracker,
                wanted,
                guests);
    }

    /** The same with another limit of the memory, in bytes, that is reserved for the partner's guests. */
    public HostConfig withMemoryLimit(long bytes) {
        return new HostConfig(
                host, runDir, arbiterDir, listen, partner, partnerAddress, bytes, uplink, tracker, policy, guests);
    }
}
