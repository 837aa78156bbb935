package io.lockstep.redirect.inject;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class InjectDeviceTest {
    private static final Set<BlockVerb> WRITES = EnumSet.of(BlockVerb.WRITE);

    private final MemoryDisk disk = new MemoryDisk();
    private final InjectDevice device = new InjectDevice(disk, 7, 4);
    private final IoBuffer buffer = new BufferPool(1, 1, 1).acquire(4096);
    private final List<String> ended = new ArrayList<>();
    private BlockFault last;

    private BlockFault write(long offset, int length, int value) {
        buffer.view().setMemory(0, length, (byte) value);
        BlockRequest request = new BlockRequest(offset);
        request.write(offset, length, buffer, 0, false);
        return submit(request);
    }

    private BlockFault flush() {
        BlockRequest request = new BlockRequest(0);
        request.flush();
        return submit(request);
    }

    private BlockFault submit(BlockRequest request) {
        last = null;
        request.submitTo(device, done -> {
            last = done.fault();
            ended.add(done.offset() + " " + done.fault());
        });
        return last;
    }

    @Test
    void shouldPassThroughWithoutARule() {
        assertEquals(BlockFault.NONE, write(0, 512, 1));
        assertEquals(BlockFault.NONE, flush());
        assertEquals(1, disk.bytes[0]);
        assertEquals(1, disk.flushes);
        assertEquals(0, device.injected());
    }

    @Test
    void shouldFailByVerbRangeAndCount() {
        device.rules(InjectRule.error(BlockFault.IO, WRITES).within(1024, 512).times(2));
        assertEquals(BlockFault.NONE, write(0, 1024, 1));
        assertEquals(BlockFault.IO, write(512, 1024, 2));
        assertEquals(1, disk.bytes[512], "nothing of it was done");
        assertEquals(BlockFault.NONE, flush());
        assertEquals(BlockFault.IO, write(1024, 512, 2));
        assertEquals(BlockFault.NONE, write(1024, 512, 3), "spent");
        assertEquals(2, device.injected());
        device.rules(InjectRule.error(BlockFault.NO_SPACE, WRITES));
        assertEquals(BlockFault.NO_SPACE, write(0, 512, 1), "switched while it runs");
        device.rules();
        assertEquals(BlockFault.NONE, write(0, 512, 1));
    }

    @Test
    void shouldFailWithAProbabilityThatRepeatsWithItsSeed() {
        List<String> first = failures(3);
        assertEquals(first, failures(3));
        long failed = first.stream().filter(end -> end.endsWith("IO")).count();
        assertTrue(failed > 20 && failed < 80, failed + " of 100");
    }

    private List<String> failures(long seed) {
        InjectDevice other = new InjectDevice(disk, seed, 1);
        other.rules(InjectRule.error(BlockFault.IO, WRITES).withRate(0.5));
        List<String> ends = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            BlockRequest request = new BlockRequest(i);
            request.write(0, 512, buffer, 0, false);
            request.submitTo(other, done -> ends.add(done.id() + " " + done.fault()));
        }
        return ends;
    }

    @Test
    void shouldDelay() {
        device.doWork(1_000);
        device.rules(InjectRule.delay(500, WRITES));
        assertNull(write(0, 512, 1));
        device.doWork(1_499);
        assertNull(last);
        assertTrue(device.maxIdleNs() <= 1);
        device.doWork(1_500);
        assertEquals(BlockFault.NONE, last);
    }

    @Test
    void shouldHoldUntilReleasedAndThenGoOnInOrder() {
        device.rules(InjectRule.stall(WRITES));
        for (int i = 0; i < 4; i++) {
            assertNull(write(512L * i, 512, 1));
        }
        assertEquals(BlockFault.IO, write(0, 512, 1), "no room to hold a fifth one");
        device.rules();
        assertEquals(BlockFault.NONE, write(512, 512, 9));
        device.doWork(1_000_000_000_000L);
        assertEquals(4, device.heldNow());
        ended.clear();
        device.release();
        device.doWork(1_000_000_000_001L);
        assertEquals(List.of("0 NONE", "512 NONE", "1024 NONE", "1536 NONE"), ended);
        assertEquals(0, device.heldNow());
    }

    @Test
    void shouldTearAWrite() {
        device.rules(InjectRule.tornWrite(BlockFault.IO));
        int torn = 0;
        for (int i = 1; i <= 20; i++) {
            assertEquals(BlockFault.IO, write(0, 4096, i));
            assertTrue(disk.bytes[4095] == 0, "all of it was done");
            torn += disk.bytes[0] == i ? 1 : 0;
        }
        assertTrue(torn > 5, torn + " were torn");
    }

    @Test
    void shouldLoseAFlush() {
        device.rules(InjectRule.lostFlush().times(1));
        assertEquals(BlockFault.NONE, flush());
        assertEquals(0, disk.flushes);
        assertEquals(BlockFault.NONE, flush());
        assertEquals(1, disk.flushes);
    }

    @Test
    void shouldEndWhatItHoldsWhenClosed() {
        device.rules(InjectRule.stall(WRITES));
        write(0, 512, 1);
        device.close();
        assertEquals(BlockFault.NOT_ISSUED, last);
        assertTrue(disk.closed);
    }

    @Test
    void shouldRefuseRulesThatMakeNoSense() {
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new InjectRule(
                                InjectRule.Kind.TORN_WRITE,
                                EnumSet.allOf(BlockVerb.class),
                                -1,
                                1,
                                2,
                                0,
                                BlockFault.IO,
                                0))
                .getMessage();
        assertTrue(message.contains("rate is 2.0"), message);
        assertTrue(message.contains("count is 0"), message);
        assertTrue(message.contains("torn"), message);
        assertThrows(IllegalArgumentException.class, () -> InjectRule.error(BlockFault.NONE, WRITES));
        assertThrows(IllegalArgumentException.class, () -> InjectRule.delay(0, WRITES));
    }
}
