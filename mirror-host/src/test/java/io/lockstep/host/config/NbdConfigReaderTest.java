package io.lockstep.host.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.path.file.FilePathConfig;
import java.util.List;
import org.junit.jupiter.api.Test;

class NbdConfigReaderTest {
    @Test
    void shouldFillInDefaults() {
        NbdConfig config =
                NbdConfigReader.parse("test", "listen: {unix: /run/s}\npaths: [{name: local, file: /dev/sdb}]\n");
        assertEquals("disk", config.export());
        assertEquals("/run/s", config.server().unixSocket().orElseThrow().toString());
        assertTrue(config.server().multiConn());
        assertFalse(config.readOnly());
        FilePathConfig file = ((NbdConfig.DiskPath.File) config.paths().get(0)).config();
        assertEquals(FilePathConfig.Direct.PREFER, file.direct());
        assertTrue(config.state().isEmpty());
    }

    @Test
    void shouldReadSeveralPaths() {
        NbdConfig config = NbdConfigReader.parse(
                "test",
                """
                listen: {tcp: "127.0.0.1:10809"}
                export: vm
                state: /var/lib/gen
                redirect: {deadline: 100ms, unfenced: settle, settle: 3s, queue: false}
                paths:
                  - {name: local, file: /dev/sdb, direct: require}
                  - {name: partner, nbd: "127.0.0.1:10810", export: vm, partner: true}
                  - {name: socket, nbd: /run/other}
                """);
        assertEquals(3, config.paths().size());
        assertEquals(100_000_000L, config.redirect().deadline().floorNs());
        assertEquals(3_000_000_000L, config.redirect().switching().settleNs());
        assertFalse(config.redirect().noPath().queue());
        assertTrue(((NbdConfig.DiskPath.Nbd) config.paths().get(1)).config().generations());
        assertEquals("/var/lib/gen", config.state().orElseThrow().toString());
    }

    @Test
    void shouldReportEveryErrorAtOnceWithKeyValueAndWhatIsAllowed() {
        ConfigException e = assertThrows(
                ConfigException.class,
                () -> NbdConfigReader.parse(
                        "a.yaml",
                        """
                listen: {unixx: /run/s}
                export: "a;b"
                deadline: 3
                redirect: {deadline: fast, unfenced: maybe}
                clients: {connections: 0}
                paths:
                  - {name: local, file: /tmp/x, nbd: y}
                  - {name: local, file: /tmp/x, direct: sometimes, block-size: 3}
                  - {name: far, nbd: "nowhere", max-in-flight: 0}
                """));
        String all = String.join("\n", e.errors());
        for (String part : List.of(
                "listen.unixx is not a key",
                "listen is missing",
                "export is 'a;b'",
                "deadline is not a key",
                "redirect.deadline is 'fast'",
                "redirect.unfenced is 'maybe'",
                "paths[0].file or paths[0].nbd or paths[0].iscsi: must have exactly one",
                "paths[1].name is 'local': another path has this name",
                "paths[1].direct is 'sometimes'",
                "blockSize is 3",
                "paths[2].nbd is 'nowhere': must be host:port",
                "maxInFlight is 0",
                "state is missing")) {
            assertTrue(all.contains(part), "'" + part + "' is missing in:\n" + all);
        }
        assertFalse(all.contains("clients is not a key"), all);
    }

    @Test
    void shouldRefuseStaleCopiesBecauseThereIsOne() {
        ConfigException e = assertThrows(
                ConfigException.class,
                () -> NbdConfigReader.parse(
                        "test",
                        "listen: {unix: /run/s}\npaths: [{name: a, file: /x}]\nredirect: {unfenced: mark-stale}\n"));
        assertEquals(1, e.errors().size());
        assertTrue(e.errors().get(0).contains("must be one of refuse, settle"), e.getMessage());
    }

    @Test
    void shouldReadPathsToATargetAndAnExportForPartners() {
        NbdConfig config = NbdConfigReader.parse(
                "test",
                """
                listen: {unix: /run/s}
                state: /gen
                partners: /highest
                paths:
                  - {name: a, iscsi: "10.0.0.1:3260", target: "iqn.x:y", lun: 1, initiator: "iqn.x:a", disk-key: 5, path-key: 0}
                  - {name: b, iscsi: "10.0.1.1:3260", target: "iqn.x:y", lun: 1, initiator: "iqn.x:b", disk-key: 5, path-key: 1, user: u, password: p}
                """);
        assertEquals("/highest", config.partners().orElseThrow().toString());
        assertEquals(
                "iscsi://10.0.1.1:3260/iqn.x:y/1",
                ((NbdConfig.DiskPath.Iscsi) config.paths().get(1)).config().toString());
    }

    @Test
    void shouldReadTwoCopies() {
        NbdConfig config = NbdConfigReader.parse(
                "test",
                """
                listen: {unix: /run/s}
                copies:
                  source: first
                  verify-every: 3s
                  resync-rate: 8m
                  first: {name: here, log: /a.log, paths: [{name: f, file: /a}]}
                  second: {name: there, log: /b.log, state: /b.gen, paths: [{name: p, nbd: "127.0.0.1:1", partner: true}]}
                """);
        CopiesConfig copies = config.copies().orElseThrow();
        assertEquals(8 << 20, copies.mirror().resyncBytesPerSecond());
        assertEquals(3_000_000_000L, copies.verifyEveryNs());
        assertEquals("/b.gen", copies.second().state().orElseThrow().toString());
        assertFalse(config.redirect().noPath().queue());
    }

    @Test
    void shouldReportEveryErrorOfCopiesAndTargetsAtOnce() {
        ConfigException e = assertThrows(
                ConfigException.class,
                () -> NbdConfigReader.parse(
                        "a.yaml",
                        """
                listen: {unix: /run/s}
                read-only: true
                paths: []
                copies:
                  source: guess
                  resync-rate: 1k
                  first: {name: x, log: /l, paths: []}
                  second:
                    name: x
                    log: /l
                    paths: [{name: a, iscsi: "nowhere", lun: -1}]
                """));
        String all = String.join("\n", e.errors());
        for (String part : List.of(
                "read-only is 'true'",
                "paths is not a key",
                "copies.source is 'guess': must be one of",
                "resyncBytesPerSecond is 1024",
                "copies.first.paths is empty",
                "copies.second.name is 'x'",
                "copies.second.log is '/l'",
                "portal is nowhere",
                "target is missing",
                "initiator is missing",
                "lun is -1",
                "diskKey is 0",
                "pathKey is -1")) {
            assertTrue(all.contains(part), "'" + part + "' is missing in:\n" + all);
        }
    }
}
