package io.lockstep.host.rig;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.host.config.ConfigReader;
import io.lockstep.host.config.GuestConfig;
import io.lockstep.host.config.HostConfig;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class HostConfigFileTest {
    private static final PairConfig PAIR = PairConfig.standard(Path.of("/run/pair"), Path.of("/srv/guest"))
            .withGuestMemory("128m")
            .withGuestLoad("mem:10:20")
            .withPolicy("epoch", "30ms")
            .withPolicy("detect", "90ms")
            .withMemoryLimit(Side.B, "64m");

    private static HostConfig read(Side side) throws IOException {
        return read(PAIR, side);
    }

    private static HostConfig read(PairConfig pair, Side side) throws IOException {
        HostConfigFile.Addresses addresses = new HostConfigFile.Addresses(
                "192.168.7.1:7420", "192.168.7.2:7420", "tapa", "192.168.7.1:7430", "192.168.7.2:7430");
        String text = HostConfigFile.text(pair, side, addresses);
        return ConfigReader.parse("test", text);
    }

    @Test
    void shouldWriteWhatTheHostReads() throws IOException {
        HostConfig config = read(Side.A);
        assertEquals("a", config.host());
        assertEquals("b", config.partner());
        assertEquals(Path.of("/run/pair/run-a"), config.runDir());
        assertEquals(Path.of("/run/pair/arbiter"), config.arbiterDir());
        assertEquals(30_000_000, config.policy().epochNs());
        assertEquals(90_000_000, config.policy().detectNs());
        assertEquals(1, config.guests().size());
        assertEquals(128L << 20, config.guests().get(0).spec().memoryBytes());
        String commandLine = config.guests().get(0).spec().commandLine();
        assertTrue(commandLine.contains("mirror.ip=10.77.0.10/24 mirror.load=mem:10:20"), commandLine);
    }

    @Test
    void shouldLimitTheMemoryOfOneHostOnly() throws IOException {
        assertEquals(64L << 20, read(Side.B).memoryLimit());
        assertTrue(read(Side.A).memoryLimit() > 1L << 30);
    }

    @Test
    void shouldGiveBothHostsTheSameGuest() throws IOException {
        assertEquals(read(Side.A).guests(), read(Side.B).guests());
    }

    @Test
    void shouldGiveEachHostItsOwnCopyOfTheDisk() throws IOException {
        PairConfig pair = PAIR.withDisk(new RigDisk(24, 8, 100, true));
        GuestConfig a = read(pair, Side.A).guests().get(0);
        GuestConfig b = read(pair, Side.B).guests().get(0);
        assertEquals(32L << 20, a.spec().diskBytes());
        assertEquals(a.spec(), b.spec());
        assertNotEquals(a.disk().orElseThrow().paths(), b.disk().orElseThrow().paths());
        assertTrue(a.spec().commandLine().contains("mirror.redis=disk mirror.diskload=24:100"), a.spec()::commandLine);
    }
}
