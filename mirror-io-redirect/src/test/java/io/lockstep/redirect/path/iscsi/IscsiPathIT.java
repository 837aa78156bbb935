package io.lockstep.redirect.path.iscsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.path.BlockPath.Fencing;
import io.lockstep.redirect.path.BlockPath.Link;
import io.lockstep.redirect.path.PathDriver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two HBAs that reach one unit of a real target. Needs root and tgtd. */
class IscsiPathIT {
    private static final int BLOCK = 4096;

    @TempDir
    Path directory;

    private IscsiTarget target;

    @BeforeEach
    void startTarget() throws IOException {
        target = new IscsiTarget(directory, 8 << 20);
    }

    @AfterEach
    void stopTarget() {
        target.close();
    }

    private PathDriver driver(int number) {
        return new PathDriver(wakeUp -> new IscsiPath(target.path(number), wakeUp));
    }

    private static String fence(PathDriver driver, long below) {
        AtomicReference<String> outcome = new AtomicReference<>();
        driver.path().fence(below, outcome::set);
        driver.await(() -> outcome.get() != null, "the fence");
        return outcome.get();
    }

    @Test
    void shouldShutOutAnOlderOwner() throws IOException {
        try (PathDriver first = driver(1);
                PathDriver second = driver(2)) {
            assertEquals(Link.OPEN, first.open(1), first.path().trouble());
            assertEquals(Fencing.RESERVATION, first.path().fencing());
            byte[] before = PathDriver.pattern(1, BLOCK);
            assertEquals(BlockFault.NONE, first.write(0, before, true));
            assertEquals(Link.OPEN, second.open(2), second.path().trouble());
            assertArrayEquals(before, second.read(0, BLOCK));
            assertEquals("", fence(second, 2));
            byte[] after = PathDriver.pattern(2, BLOCK);
            assertEquals(BlockFault.NONE, second.write(0, after, true));
            assertEquals(BlockFault.FENCED, first.write(0, before, true));
            first.await(() -> first.path().link() == Link.BROKEN, "the old path to see that it is fenced");
            assertTrue(
                    first.path().trouble().contains("newer owner"), first.path().trouble());
            assertArrayEquals(after, target.content(0, BLOCK));
        }
    }

    @Test
    void shouldNotLetAGhostWriteLand() throws IOException {
        try (FrozenWire wire = new FrozenWire(target.port());
                PathDriver second = driver(2)) {
            PathDriver first = new PathDriver(wakeUp -> new IscsiPath(target.path(1, wire.portal()), wakeUp));
            assertEquals(Link.OPEN, first.open(1), first.path().trouble());
            wire.freeze();
            byte[] ghost = PathDriver.pattern(3, BLOCK);
            IoBuffer buffer = first.buffer(BLOCK);
            buffer.view().putBytes(0, ghost);
            BlockRequest stuck = first.request();
            stuck.write(0, BLOCK, buffer, 0, false);
            first.submit(stuck);
            first.await(() -> wire.held() >= BLOCK, "the write to be in the wire");
            first.path().abandon("stalled");
            first.await(() -> first.ended().contains(stuck), "the abandoned write to end");
            assertEquals(BlockFault.IO, stuck.fault());
            assertEquals(Link.OPEN, second.open(2), second.path().trouble());
            assertEquals("", fence(second, 2));
            byte[] newer = PathDriver.pattern(4, BLOCK);
            assertEquals(BlockFault.NONE, second.write(0, newer, true));
            wire.thaw();
            second.await(() -> wire.held() == 0, "the old write to reach the target");
            // More round trips on the same target, one thread: it has dealt with what arrived before.
            for (int i = 0; i < 50; i++) {
                assertArrayEquals(newer, second.read(0, BLOCK));
            }
            assertArrayEquals(newer, target.content(0, BLOCK));
            buffer.release();
            first.close();
        }
    }

    /** The same without a fence does land: the test above can fail. */
    @Test
    void shouldSeeTheGhostWriteWithoutAFence() throws IOException {
        try (FrozenWire wire = new FrozenWire(target.port());
                PathDriver second = driver(2);
                PathDriver first = new PathDriver(wakeUp -> new IscsiPath(target.path(1, wire.portal()), wakeUp))) {
            first.open(1);
            wire.freeze();
            byte[] ghost = PathDriver.pattern(3, BLOCK);
            IoBuffer buffer = first.buffer(BLOCK);
            buffer.view().putBytes(0, ghost);
            BlockRequest stuck = first.request();
            stuck.write(0, BLOCK, buffer, 0, false);
            first.submit(stuck);
            first.await(() -> wire.held() >= BLOCK, "the write to be in the wire");
            second.open(2);
            assertEquals(BlockFault.NONE, second.write(0, PathDriver.pattern(4, BLOCK), true));
            wire.thaw();
            first.await(() -> first.ended().contains(stuck), "the old write to end");
            assertArrayEquals(ghost, second.read(0, BLOCK));
            buffer.release();
        }
    }

    @Test
    void shouldRefuseAnOwnerThatIsOver() {
        try (PathDriver newer = driver(1);
                PathDriver older = driver(2)) {
            assertEquals(Link.OPEN, newer.open(7), newer.path().trouble());
            assertEquals(Link.BROKEN, older.open(6));
            assertTrue(
                    older.path().trouble().contains("generation 7"),
                    older.path().trouble());
        }
    }

    @Test
    void shouldNotTakeAUnitThatAnotherUserReserved() {
        IscsiPathConfig own = target.path(2);
        IscsiPathConfig foreign = IscsiPathConfig.of(
                "foreign", own.portal(), own.target(), own.lun(), own.initiator(), own.diskKey() + 1, 9);
        try (PathDriver other = new PathDriver(wakeUp -> new IscsiPath(foreign, wakeUp));
                PathDriver driver = driver(1)) {
            assertEquals(Link.OPEN, other.open(1), other.path().trouble());
            assertEquals(Link.BROKEN, driver.open(1));
            assertTrue(
                    driver.path().trouble().contains("another user"),
                    driver.path().trouble());
        }
    }

    @Test
    void shouldBreakWhenTheTargetDiesAndOpenWhenItIsBack() throws IOException {
        try (PathDriver driver = driver(1)) {
            assertEquals(Link.OPEN, driver.open(1), driver.path().trouble());
            byte[] bytes = PathDriver.pattern(5, BLOCK);
            assertEquals(BlockFault.NONE, driver.write(0, bytes, true));
            target.kill();
            driver.await(() -> driver.path().link() == Link.BROKEN, "the path to break");
            assertEquals(BlockFault.NOT_ISSUED, driver.write(0, bytes, true));
            assertEquals(Link.BROKEN, driver.open(2));
            assertTrue(driver.path().trouble().contains("log in"), driver.path().trouble());
            target.start();
            assertEquals(Link.OPEN, driver.open(3), driver.path().trouble());
            assertArrayEquals(bytes, driver.read(0, BLOCK));
        }
    }

    @Test
    void shouldNameWhatIsNotThere() {
        IscsiPathConfig good = target.path(1);
        IscsiPathConfig noUnit = IscsiPathConfig.of("none", good.portal(), good.target(), 42, good.initiator(), 1, 1);
        IscsiPathConfig noTarget =
                IscsiPathConfig.of("none", good.portal(), good.target() + "x", 1, good.initiator(), 1, 1);
        for (IscsiPathConfig wrong : new IscsiPathConfig[] {noUnit, noTarget}) {
            try (PathDriver driver = new PathDriver(wakeUp -> new IscsiPath(wrong, wakeUp))) {
                assertEquals(Link.BROKEN, driver.open(1));
                assertTrue(
                        driver.path().trouble().contains(wrong.toString()),
                        driver.path().trouble());
            }
        }
    }
}
