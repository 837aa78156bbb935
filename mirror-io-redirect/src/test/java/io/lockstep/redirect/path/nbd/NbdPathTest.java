package io.lockstep.redirect.path.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.nbd.NbdWire;
import io.lockstep.redirect.path.BlockPath.Fencing;
import io.lockstep.redirect.path.BlockPath.Link;
import io.lockstep.redirect.path.PathDriver;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class NbdPathTest {
    private static final int BLOCK = 4096;

    private static PathDriver partner(ScriptedServer server) {
        return new PathDriver(wakeUp -> new NbdPath(NbdPathConfig.partner("partner", server.address(), "vm1")));
    }

    private static void ok(int command, long cookie, int length, java.io.DataOutputStream out)
            throws java.io.IOException {
        out.writeInt(NbdWire.CHUNK_MAGIC);
        out.writeShort(1);
        out.writeShort(command == NbdWire.CMD_READ ? 1 : 0);
        out.writeLong(cookie);
        out.writeInt(command == NbdWire.CMD_READ ? 8 + length : 0);
        if (command == NbdWire.CMD_READ) {
            out.writeLong(0);
            out.write(new byte[length]);
        }
    }

    @Test
    void shouldFenceByOpeningWithAGeneration() throws Exception {
        try (ScriptedServer server = new ScriptedServer(NbdPathTest::ok);
                PathDriver driver = partner(server)) {
            List<String> outcomes = new ArrayList<>();
            driver.path().fence(5, outcomes::add);
            assertTrue(outcomes.get(0).contains("is not open"), outcomes.get(0));
            assertEquals(Link.OPEN, driver.open(5), driver.path().trouble());
            assertEquals("vm1;generation=5", server.export());
            assertEquals(Fencing.GENERATION, driver.path().fencing());
            driver.path().fence(5, outcomes::add);
            assertEquals("", outcomes.get(1));
            driver.path().fence(6, outcomes::add);
            assertTrue(outcomes.get(2).contains("generation 5"), outcomes.get(2));
            driver.path().abandon("again");
            server.refuse("generation 5 is not newer than 9");
            assertEquals(Link.BROKEN, driver.open(6));
            assertTrue(driver.path().trouble().contains("forbidden: generation 5 is not newer than 9"));
            assertThrows(IllegalArgumentException.class, () -> driver.path().open(0));
        }
    }

    @Test
    void shouldFlushAfterADurableWriteIfTheServerHasNoOtherWay() throws Exception {
        List<Integer> commands = new ArrayList<>();
        try (ScriptedServer server = new ScriptedServer((command, cookie, length, out) -> {
                    commands.add(command);
                    ok(command, cookie, length, out);
                });
                PathDriver driver = partner(server)) {
            driver.opened();
            assertEquals(BlockFault.NONE, driver.write(0, new byte[BLOCK], true));
            BlockRequest zero = driver.request();
            zero.writeZeroes(0, 1 << 17, true, false, false);
            assertEquals(BlockFault.NONE, driver.finish(zero));
            zero.writeZeroes(0, BLOCK, false, false, true);
            driver.ended().clear();
            assertEquals(BlockFault.NOT_SUPPORTED, driver.finish(zero));
            BlockRequest status = driver.request();
            status.status(0, BLOCK);
            assertEquals(BlockFault.NONE, driver.finish(status));
            assertEquals(BLOCK, status.extentLength());
            assertFalse(status.extentZero());
        }
        assertEquals(
                List.of(NbdWire.CMD_WRITE, NbdWire.CMD_FLUSH, NbdWire.CMD_WRITE, NbdWire.CMD_WRITE, NbdWire.CMD_FLUSH),
                commands);
    }

    @Test
    void shouldGiveUpOnAServerThatSaysNothing() throws Exception {
        try (java.net.ServerSocket mute = new java.net.ServerSocket(0, 5, java.net.InetAddress.getLoopbackAddress())) {
            NbdPathConfig config = new NbdPathConfig(
                    "mute", (InetSocketAddress) mute.getLocalSocketAddress(), "", false, 20_000_000, 4);
            try (PathDriver driver = new PathDriver(wakeUp -> new NbdPath(config))) {
                assertEquals(Link.BROKEN, driver.open(1));
                assertTrue(driver.path().trouble().contains("did not agree to the export in 20 ms"));
            }
        }
    }

    @Test
    void shouldEndEveryRequestOnceWhateverTheServerDoes() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        AtomicInteger broken = new AtomicInteger();
        try (ScriptedServer server = new ScriptedServer(ScriptedServer.hostile(new Random(seed)));
                PathDriver driver = partner(server)) {
            IoBuffer buffer = driver.buffer(BLOCK);
            for (int round = 0; round < 150; round++) {
                if (driver.path().link() != Link.OPEN) {
                    assertEquals(
                            Link.OPEN,
                            driver.open(round + 1),
                            "seed " + seed + ": " + driver.path().trouble());
                }
                driver.ended().clear();
                int count = 1 + random.nextInt(10);
                for (int i = 0; i < count; i++) {
                    BlockRequest request = driver.request();
                    if (random.nextBoolean()) {
                        request.read(0, BLOCK, buffer, 0);
                    } else {
                        request.write(BLOCK, BLOCK, buffer, 0, random.nextBoolean());
                    }
                    driver.submit(request);
                }
                for (int i = 0; i < 1000 && driver.path().outstanding() > 0; i++) {
                    driver.turn();
                    if (i == 20) {
                        driver.path().abandon("no answer"); // damaged lengths make it wait for what never comes
                    }
                }
                assertEquals(count, driver.ended().size(), "seed " + seed + ", round " + round);
                if (driver.path().link() == Link.BROKEN) {
                    broken.incrementAndGet();
                    assertFalse(driver.path().trouble().isBlank());
                }
            }
            buffer.release();
            assertThrows(IllegalStateException.class, buffer::release, "the path gave it back too");
        }
        assertTrue(broken.get() > 5, "only " + broken + " of 150 broke, seed " + seed);
    }

    @Test
    void shouldNameEveryWrongValueOfAConfig() {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> new NbdPathConfig("", InetSocketAddress.createUnresolved("no.where", 1), null, false, 0, 0));
        for (String part : List.of("name", "does not resolve", "export", "openTimeoutNs is 0", "maxInFlight is 0")) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
    }
}
