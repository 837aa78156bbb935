package io.lockstep.mirror.apply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.counters.Counters;
import io.lockstep.mirror.memory.PageRegion;
import io.lockstep.mirror.record.Blob;
import io.lockstep.mirror.record.BulkWriter;
import io.lockstep.mirror.record.Encoding;
import io.lockstep.mirror.record.RecordFault;
import io.lockstep.mirror.spi.GuestDisk;
import io.lockstep.mirror.spi.NoDisk;
import io.lockstep.mirror.spi.ReplicaDisk;
import io.lockstep.mirror.verify.EpochDigest;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class ReplicaApplierTest {
    private static final int PAGES = 4;
    private static final long GENERATION = 9;
    private static final long IMAGE = 77;

    private final PageRegion image = PageRegion.onHeap(PAGES);
    private final List<Long> committed = new ArrayList<>();
    private final ReplicaApplier applier = new ReplicaApplier(
            image, PageRegion.onHeap(PAGES), NoDisk.NONE, new Counters(), (epoch, chain) -> committed.add(epoch));
    private final BulkWriter writer = new BulkWriter();
    private final UnsafeBuffer frame = new UnsafeBuffer(new byte[1 << 16]);
    private final UnsafeBuffer content = new UnsafeBuffer(new byte[PageRegion.PAGE_SIZE]);
    private EpochDigest digest = new EpochDigest();
    private long position;

    private void begin() {
        writer.begin(frame, frame.capacity(), GENERATION, position);
    }

    private void send() {
        position += writer.records();
        applier.onBulk(frame, 0, writer.end());
    }

    private void page(long page, int fill) {
        content.setMemory(0, content.capacity(), (byte) fill);
        frame.putBytes(writer.pageContentOffset(), content, 0, content.capacity());
        long pageDigest = EpochDigest.ofPage(page, content, 0);
        digest.page(page, pageDigest);
        writer.page(page, Encoding.RAW, pageDigest, content.capacity());
    }

    private void state(int length) {
        UnsafeBuffer bytes = new UnsafeBuffer(new byte[length]);
        digest.chunk(Blob.DEVICE_STATE, 0, EpochDigest.ofBytes(bytes, 0, length));
        writer.chunk(Blob.DEVICE_STATE, 0, length, bytes, 0, length);
    }

    private void end(long epoch, long pages, int stateLength) {
        long epochDigest = digest.digest();
        writer.epochEnd(epoch, pages, stateLength, epochDigest, digest.endEpoch(epoch));
    }

    /** Epoch 1: every page holds its number plus one. */
    private void synchronise() {
        applier.startSession(GENERATION);
        digest.restart(IMAGE);
        begin();
        writer.syncStart(IMAGE, PAGES, 0, IMAGE, 0, 1);
        for (int i = 0; i < PAGES; i++) {
            page(i, i + 1);
        }
        state(10);
        end(1, PAGES, 10);
        send();
    }

    private int at(long page) {
        return image.chunk(page).getByte(image.offset(page) + 100);
    }

    @Test
    void shouldCommitAnEpochAllAtOnce() {
        synchronise();
        begin();
        page(2, 50);
        page(2, 51);
        page(3, 60);
        send();
        assertEquals(3, at(2), "nothing is seen before the end");
        begin();
        state(20);
        end(2, 3, 20);
        send();
        assertEquals(List.of(1L, 2L), committed);
        assertEquals(51, at(2), "the last version counts");
        assertEquals(60, at(3));
        assertEquals(20, applier.stateLength());
        assertTrue(applier.isReady());
    }

    @Test
    void shouldDropAnUnfinishedEpoch() {
        synchronise();
        long chain = applier.chain();
        begin();
        page(0, 90);
        state(5);
        send();
        assertEquals(1, applier.dropUnfinished());
        assertEquals(1, at(0));
        assertEquals(10, applier.stateLength());
        assertEquals(chain, applier.chain());
        assertEquals(IMAGE, applier.resumeImageId());
    }

    @Test
    void shouldRefuseWhatIsOutOfOrder() {
        begin();
        page(0, 1);
        assertThrows(RecordFault.class, this::send, "before a session");
        synchronise();
        position++;
        begin();
        page(0, 1);
        assertThrows(RecordFault.class, this::send, "a gap in the positions");
    }

    @Test
    void shouldSkipLateFramesOfAnOlderSessionAndRefuseOnesOfALater() {
        synchronise();
        writer.begin(frame, frame.capacity(), GENERATION - 1, 3);
        page(0, 99);
        applier.onBulk(frame, 0, writer.end());
        assertEquals(1, at(0));
        writer.begin(frame, frame.capacity(), GENERATION + 1, position);
        page(0, 99);
        assertThrows(RecordFault.class, () -> applier.onBulk(frame, 0, writer.end()));
    }

    @Test
    void shouldRefuseCountsThatDoNotMatch() {
        synchronise();
        begin();
        page(0, 9);
        end(2, 2, 0);
        assertThrows(RecordFault.class, this::send);
        assertEquals(1, applier.epoch());
    }

    @Test
    void shouldRefuseAnEpochThatDoesNotFollow() {
        synchronise();
        begin();
        end(3, 0, 0);
        assertThrows(RecordFault.class, this::send);
    }

    @Test
    void shouldNameThePageThatDiffers() {
        synchronise();
        begin();
        frame.setMemory(writer.pageContentOffset(), PageRegion.PAGE_SIZE, (byte) 4);
        writer.page(2, Encoding.RAW, 1234, PageRegion.PAGE_SIZE);
        DivergenceException e = assertThrows(DivergenceException.class, this::send);
        assertEquals(2, e.page());
        assertEquals(2, e.epoch());
        assertEquals(1234, e.expected());
        assertEquals(0, applier.resumeImageId(), "the image cannot be gone on from");
    }

    @Test
    void shouldNoticeAPageInTheWrongPlace() {
        synchronise();
        begin();
        content.setMemory(0, content.capacity(), (byte) 8);
        frame.putBytes(writer.pageContentOffset(), content, 0, content.capacity());
        writer.page(3, Encoding.RAW, EpochDigest.ofPage(2, content, 0), PageRegion.PAGE_SIZE);
        assertEquals(3, assertThrows(DivergenceException.class, this::send).page());
    }

    @Test
    void shouldRefuseAnEpochWhoseDigestIsWrong() {
        synchronise();
        begin();
        page(1, 7);
        digest.page(1, 1);
        end(2, 1, 0);
        assertEquals(-1, assertThrows(DivergenceException.class, this::send).page());
        assertEquals(List.of(1L), committed);
    }

    @Test
    void shouldRefusePagesAndBlobsBeyondTheirLimits() {
        synchronise();
        begin();
        page(PAGES, 1);
        assertThrows(RecordFault.class, this::send);
        BlobBuffer blob = new BlobBuffer();
        UnsafeBuffer bytes = new UnsafeBuffer(new byte[64]);
        assertThrows(RecordFault.class, () -> blob.append(0, BlobBuffer.LIMIT + 1L, bytes, 0, 64));
        assertThrows(RecordFault.class, () -> blob.append(0, 63, bytes, 0, 64));
        assertThrows(RecordFault.class, () -> blob.append(1, 100, bytes, 0, 64));
        blob.append(0, 100, bytes, 0, 64);
        assertThrows(RecordFault.class, () -> blob.append(64, 101, bytes, 0, 37));
        assertFalse(blob.isComplete());
        blob.append(64, 100, bytes, 0, 36);
        assertTrue(blob.isComplete());
    }

    @Test
    void shouldGoOnFromTheChainOnly() {
        synchronise();
        applier.startSession(GENERATION + 1);
        writer.begin(frame, frame.capacity(), GENERATION + 1, 500);
        writer.syncStart(IMAGE, PAGES, 1, applier.chain() + 1, 0, 1);
        assertThrows(RecordFault.class, () -> applier.onBulk(frame, 0, writer.end()));
    }

    /** A disk of four blocks that has room for three. */
    private static final class Blocks implements ReplicaDisk {
        final List<String> calls = new ArrayList<>();

        @Override
        public long blockCount() {
            return 4;
        }

        @Override
        public long token() {
            return 5;
        }

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void stage(long block, DirectBuffer source, int offset) {
            if (block == 3) {
                throw new IllegalStateException("no room beyond 3 blocks");
            }
            calls.add("stage " + block + "=" + source.getByte(offset));
        }

        @Override
        public void commit(long epoch) {
            calls.add("commit " + epoch);
        }

        @Override
        public void dropUnfinished() {
            calls.add("drop");
        }

        @Override
        public void synchronising(long primaryToken) {
            calls.add("token " + primaryToken);
        }

        @Override
        public long durableEpoch() {
            return 0;
        }

        @Override
        public void partnerDurable(long epoch) {}

        @Override
        public void own(long term) {}

        @Override
        public Ownership ownership() {
            return Ownership.FOLLOWING;
        }

        @Override
        public GuestDisk asGuestDisk() {
            throw new IllegalStateException("not owned");
        }

        @Override
        public String problem() {
            return "";
        }
    }

    private final Blocks blocks = new Blocks();
    private final ReplicaApplier withDisk = new ReplicaApplier(
            image, PageRegion.onHeap(PAGES), blocks, new Counters(), (epoch, chain) -> committed.add(epoch));

    private void synchroniseDisk() {
        withDisk.startSession(GENERATION);
        digest.restart(IMAGE);
        begin();
        writer.syncStart(IMAGE, PAGES, 0, IMAGE, 4, 99);
        page(PAGES, 7);
        end(1, 1, 0);
        position += writer.records();
        withDisk.onBulk(frame, 0, writer.end());
    }

    private String faultOf(Runnable records) {
        begin();
        records.run();
        position += writer.records();
        int length = writer.end();
        return assertThrows(RecordFault.class, () -> withDisk.onBulk(frame, 0, length))
                .getMessage();
    }

    @Test
    void shouldHandTheBlocksBehindTheMemoryToTheDisk() {
        synchroniseDisk();
        begin();
        page(1, 3);
        page(PAGES + 2, 8);
        end(2, 2, 0);
        withDisk.onBulk(frame, 0, writer.end());
        assertEquals(List.of("drop", "token 99", "stage 0=7", "commit 1", "stage 2=8", "commit 2"), blocks.calls);
        assertEquals(3, image.chunk(1).getByte(image.offset(1)));
    }

    @Test
    void shouldCountAndDropTheBlocksOfAnUnfinishedEpoch() {
        synchroniseDisk();
        begin();
        page(0, 3);
        page(PAGES + 1, 8);
        page(PAGES + 2, 8);
        withDisk.onBulk(frame, 0, writer.end());
        assertEquals(2, withDisk.unfinishedBlocks());
        assertEquals(3, withDisk.dropUnfinished());
        assertEquals("drop", blocks.calls.get(blocks.calls.size() - 1));
        assertEquals(0, withDisk.unfinishedBlocks());
    }

    @Test
    void shouldRefuseBlocksThatCannotBe() {
        synchroniseDisk();
        assertEquals("page 8 of a replica of 4 pages and 4 disk blocks", faultOf(() -> page(PAGES + 4, 1)));
        assertEquals("disk block 3 cannot be taken: no room beyond 3 blocks", faultOf(() -> page(PAGES + 3, 1)));
        assertEquals(
                "disk block 0 is encoded DELTA, which only memory is",
                faultOf(() -> writer.page(PAGES, Encoding.DELTA, 1, 64)));
    }

    @Test
    void shouldRefuseAnotherDisk() {
        withDisk.startSession(GENERATION);
        assertEquals(
                "synchronisation of 5 disk blocks into a copy of 4",
                faultOf(() -> writer.syncStart(IMAGE, PAGES, 0, IMAGE, 5, 99)));
        withDisk.startSession(GENERATION);
        assertEquals(
                "synchronisation of a disk with token 0, which no disk has",
                faultOf(() -> writer.syncStart(IMAGE, PAGES, 0, IMAGE, 4, 0)));
    }

    @Test
    void shouldNameABlockThatDiffers() {
        synchroniseDisk();
        begin();
        content.setMemory(0, content.capacity(), (byte) 1);
        frame.putBytes(writer.pageContentOffset(), content, 0, content.capacity());
        writer.page(PAGES + 1, Encoding.RAW, 12345, content.capacity());
        int length = writer.end();
        DivergenceException e = assertThrows(DivergenceException.class, () -> withDisk.onBulk(frame, 0, length));
        assertEquals(PAGES + 1, e.page());
        assertFalse(blocks.calls.contains("stage 1=1"), "what is damaged must not reach the disk");
    }
}
