package io.lockstep.mirror.lockstep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.record.RecordFault;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a reader and a secondary make of frames that no correct primary sends. */
final class LogReaderTest {
    private static final LogReader.Visitor ANY = (type, channel, count, buffer, offset, length) -> {};

    private final MemoryLink link = new MemoryLink(8_192);
    private final List<byte[]> frames = new ArrayList<>();
    private final LogWriter writer = new LogWriter(link.primary);
    private final LogReader reader = new LogReader(5, 2);

    @BeforeEach
    void start() {
        writer.start(5);
    }

    private byte[] frame(int type, int channel, long count, int body) {
        writer.reserve(body);
        writer.frame().setMemory(0, 64, (byte) 0);
        writer.commit(type, channel, count, body);
        writer.flush(0);
        link.secondary.poll(
                new io.lockstep.mirror.spi.Interconnect.Listener() {
                    @Override
                    public void onBulk(DirectBuffer buffer, int offset, int length) {
                        byte[] copy = new byte[length];
                        buffer.getBytes(offset, copy);
                        frames.add(copy);
                    }

                    @Override
                    public void onControl(DirectBuffer buffer, int offset, int length) {
                        throw new AssertionError("control");
                    }
                },
                10);
        return frames.get(frames.size() - 1);
    }

    private String fault(byte[] frame) {
        return assertThrows(RecordFault.class, () -> reader.frame(new UnsafeBuffer(frame), 0, frame.length, ANY))
                .getMessage();
    }

    private void read(byte[] frame) {
        reader.frame(new UnsafeBuffer(frame), 0, frame.length, ANY);
    }

    @Test
    void shouldNoticeEachSingleBit() {
        byte[] good = frame(LogDescriptor.EVENT, 1, 77, 13);
        for (int bit = 0; bit < good.length * 8; bit++) {
            byte[] bad = good.clone();
            bad[bit / 8] ^= (byte) (1 << bit % 8);
            fault(bad);
        }
        read(good);
        assertEquals(good.length - LogDescriptor.HEADER_LENGTH, reader.position());
    }

    @Test
    void shouldNameCountsThatGoBack() {
        read(frame(LogDescriptor.PROGRESS, 0, 100, 0));
        String fault = fault(frame(LogDescriptor.PROGRESS, 0, 99, 0));
        assertTrue(fault.contains("went back") && fault.contains("99"), fault);
    }

    @Test
    void shouldNameAChannelTheMachineDoesNotHave() {
        String fault = fault(frame(LogDescriptor.EVENT, 2, 1, 4));
        assertTrue(fault.contains("channel") && fault.contains("is 2"), fault);
    }

    @Test
    void shouldNameTypesAndLengthsThatDoNotExist() {
        assertTrue(fault(frame(99, 0, 1, 0)).contains("99"));
        assertTrue(new LogReaderTest().faultOfFirst(LogDescriptor.DIGEST, 8).contains("wrong for its type"));
    }

    private String faultOfFirst(int type, int body) {
        start();
        return fault(frame(type, 0, 1, body));
    }

    @Test
    void shouldNameAStaleSession() {
        writer.start(4);
        assertTrue(fault(frame(LogDescriptor.PROGRESS, 0, 1, 0)).contains("stale"));
    }

    @Test
    void shouldNeverExecuteAnEventThatTheMachineDoesNotAccept() {
        ToyMachine machine = new ToyMachine();
        Replay replay = new Replay(machine, new OutputHold(1 << 19), new Comparison(machine, 0), 1 << 14);
        UnsafeBuffer tooLong = new UnsafeBuffer(new byte[100]);
        replay.add(LogDescriptor.EVENT, ToyMachine.INPUT, 0, tooLong, 0, 100);
        replay.add(LogDescriptor.PROGRESS, 0, 10, tooLong, 0, 0);
        String fault =
                assertThrows(RecordFault.class, () -> replay.execute(1_000)).getMessage();
        assertTrue(fault.contains("channel 1") && fault.contains("not accepted"), fault);
        assertEquals(0, machine.instructionCount());
    }

    @Test
    void shouldNameAGuestThatSleepsWhereThePrimarysWentOn() {
        ToyMachine machine = new ToyMachine();
        Replay replay = new Replay(machine, new OutputHold(1 << 19), new Comparison(machine, 0), 1 << 14);
        replay.add(LogDescriptor.PROGRESS, 0, 10, new UnsafeBuffer(new byte[1]), 0, 0);
        assertEquals(new Divergence(Divergence.What.EXECUTION, 0, -1, 10, 0), replay.execute(1_000));
    }

    @Test
    void shouldRefuseMoreLogThanAgreed() {
        ToyMachine machine = new ToyMachine();
        Replay replay = new Replay(machine, new OutputHold(1 << 19), new Comparison(machine, 0), 1 << 14);
        UnsafeBuffer nothing = new UnsafeBuffer(new byte[1]);
        for (int i = 0; i < (1 << 14) / 16; i++) {
            replay.add(LogDescriptor.PROGRESS, 0, i, nothing, 0, 0);
        }
        assertEquals(1 << 14, replay.waiting());
        assertThrows(RecordFault.class, () -> replay.add(LogDescriptor.PROGRESS, 0, 1 << 20, nothing, 0, 0));
    }
}
