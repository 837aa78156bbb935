package io.lockstep.host.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.hypervisor.dirty.TrackerChoice;
import io.lockstep.mirror.MirrorPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConfigReaderTest {
    private static final String MINIMAL =
            """
            host: a
            run-dir: /dev/shm/a
            arbiter-dir: /shared
            listen: 127.0.0.1:7420
            partner: {host: b, address: "127.0.0.1:7421"}
            guests:
              - {name: redis, start-on: a, kernel: /srv/vmlinuz}
            """;

    @Test
    void shouldFillInDefaults() {
        HostConfig config = ConfigReader.parse("test", MINIMAL);

        assertEquals("a", config.host());
        assertEquals(7421, config.partnerAddress().getPort());
        assertEquals(MirrorPolicy.standard(), config.policy());
        assertEquals(TrackerChoice.AUTO, config.tracker());
        assertEquals(UplinkConfig.NONE, config.uplink());
        assertEquals(256L << 20, config.guests().get(0).spec().memoryBytes());
    }

    @Test
    void shouldReadSizesAndDurations() {
        HostConfig config = ConfigReader.parse(
                "test",
                MINIMAL
                        + "memory-limit: 3g\npolicy: {epoch: 10ms, min-epoch: 2500us, compression: on}\ntracker: compare\n");

        assertEquals(3L << 30, config.memoryLimit());
        assertEquals(10_000_000, config.policy().epochNs());
        assertEquals(2_500_000, config.policy().minEpochNs());
        assertEquals(TrackerChoice.COMPARE, config.tracker());
    }

    @Test
    void shouldReportEveryErrorAtOnceWithKeyValueAndWhatIsAllowed() {
        ConfigException e = assertThrows(
                ConfigException.class,
                () -> ConfigReader.parse(
                        "a.yaml",
                        """
                host: a
                run-dir: /dev/shm/a
                listen: nonsense
                partner: {host: b, address: "127.0.0.1:70000", port: 1}
                memory-limit: lots
                uplnk: {tap: tap0}
                tracker: magic
                policy: {epoch: 25, lease: 1ms}
                guests:
                  - {name: redis, start-on: c, kernel: /srv/vmlinuz, memory: 1k}
                """));

        assertTrue(e.getMessage().startsWith("a.yaml:\n"), e.getMessage());
        assertMentions(e, "arbiter-dir is missing");
        assertMentions(e, "listen is 'nonsense': must be host:port");
        assertMentions(e, "partner.address is '127.0.0.1:70000'");
        assertMentions(e, "partner.port is not a key");
        assertMentions(e, "memory-limit is 'lots': must be a size");
        assertMentions(e, "uplnk is not a key");
        assertMentions(e, "tracker is 'magic': must be one of auto, wp-async, soft-dirty, compare");
        assertMentions(e, "policy.epoch is '25': must be a duration");
        assertMentions(e, "policy.lease is 1000000: must be at least three heartbeats");
        assertMentions(e, "guests[0].start-on is 'c': must be one of");
        assertMentions(e, "guests[0].memory is '1024'");
    }

    @Test
    void shouldReadADisk() {
        HostConfig config = ConfigReader.parse(
                "test",
                withDisk(
                        """
                      topology: shared
                      size: 128m
                      paths: [/dev/sdb, "nbd+unix:///x?socket=/run/x.sock"]
                      state-dir: /var/lib/mirror
                      held: 32m
                      serve: 127.0.0.1:7430
                      partner: 127.0.0.1:7431
                """));

        GuestConfig guest = config.guests().get(0);
        DiskConfig disk = guest.disk().orElseThrow();
        assertEquals(128L << 20, guest.spec().diskBytes());
        assertEquals(DiskConfig.Topology.SHARED, disk.topology());
        assertEquals(List.of("/dev/sdb", "nbd+unix:///x?socket=/run/x.sock"), texts(disk.paths()));
        assertEquals("x", disk.paths().get(1).export());
        assertEquals("/run/x.sock", disk.paths().get(1).file().toString());
        assertEquals(32L << 20, disk.heldBytes());
        assertEquals(7431, disk.partner().orElseThrow().getPort());
    }

    @Test
    void shouldReportEveryErrorOfADiskAtOnce() {
        ConfigException values = assertThrows(
                ConfigException.class,
                () -> ConfigReader.parse(
                        "t",
                        withDisk(
                                """
                      topology: both
                      size: 1000
                      paths: [disk.img]
                      serve: here
                      colour: red
                """)));
        assertMentions(values, "guests[0].disk.topology is 'both': must be one of copies, shared");
        assertMentions(values, "guests[0].disk.size is '1000': must be a multiple of 4096");
        assertMentions(values, "guests[0].disk.paths has 'disk.img': must be an absolute path");
        assertMentions(values, "guests[0].disk.state-dir is missing");
        assertMentions(values, "guests[0].disk.serve is 'here': must be host:port");
        assertMentions(values, "guests[0].disk.colour is not a key");

        ConfigException together = assertThrows(
                ConfigException.class,
                () -> ConfigReader.parse(
                        "t",
                        withDisk(
                                """
                      size: 1m
                      paths: [/a, /a]
                      state-dir: /s
                      held: 4k
                      serve: 127.0.0.1:7430
                """)));
        assertMentions(together, "guests[0].disk.paths is '[/a, /a]': must not have the same way twice");
        assertMentions(together, "guests[0].disk.held is '4096': must be from 4194304");
        assertMentions(together, "guests[0].disk.partner is missing: with one of serve and partner");
    }

    private static String withDisk(String lines) {
        return MINIMAL.replace("kernel: /srv/vmlinuz}", "kernel: /srv/vmlinuz, disk: {__}}")
                .replace("{__}", flow(lines));
    }

    /** The lines as one flow mapping, as the guest above is one. */
    private static String flow(String lines) {
        return "{" + String.join(", ", lines.strip().split("\\n\\s*", -1)) + "}";
    }

    private static List<String> texts(List<CopyPath> paths) {
        return paths.stream().map(CopyPath::text).toList();
    }

    @Test
    void shouldSayWhereTheTextIsNotYaml() {
        ConfigException e =
                assertThrows(ConfigException.class, () -> ConfigReader.parse("a.yaml", "host: [a\nrun-dir: /x\n"));

        assertMentions(e, "not YAML");
        assertMentions(e, "at line ");
    }

    @Test
    void shouldRefuseTheSameHostTwiceAndTwoGuestsOnOneUplink() {
        assertMentions(
                assertThrows(
                        ConfigException.class, () -> ConfigReader.parse("t", MINIMAL.replace("host: b", "host: a"))),
                "partner.host is 'a': must differ from host");
        assertMentions(
                assertThrows(
                        ConfigException.class,
                        () -> ConfigReader.parse(
                                "t",
                                MINIMAL + "  - {name: web, start-on: b, kernel: /srv/vmlinuz}\nuplink: {tap: tap0}\n")),
                "uplink is shared by 2 guests");
    }

    @Test
    void shouldRefuseAnEmptyFile() {
        List<String> errors = assertThrows(ConfigException.class, () -> ConfigReader.parse("t", ""))
                .errors();

        assertTrue(errors.contains("host is missing"), errors.toString());
    }

    private static void assertMentions(ConfigException e, String text) {
        assertTrue(
                e.errors().stream().anyMatch(error -> error.contains(text)),
                () -> "no '" + text + "' in " + e.errors());
    }
}
