package io.lockstep.hypervisor.riscv;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.lockstep.hypervisor.riscv.boot.ServiceGuest;
import io.lockstep.hypervisor.riscv.device.Board;
import io.lockstep.mirror.spi.LockstepMachine.Stop;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ServiceGuestTest {
    private final RiscvMachine machine = new RiscvMachine(MachineConfig.ofRam(ServiceGuest.RAM_BYTES));

    @BeforeEach
    void start() {
        machine.load(ServiceGuest.image());
        assertEquals(Stop.IDLE, machine.run(1_000_000));
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        Guests.drain(machine, Board.CONSOLE, text);
        assertEquals("kv: ready\n", text.toString(StandardCharsets.UTF_8));
    }

    @AfterEach
    void close() {
        machine.close();
    }

    /** Everything the service answers, frames of both sides without their headers. */
    private String ask(byte[] frame) {
        machine.inject(Board.STREAM, new UnsafeBuffer(frame), 0, frame.length);
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        while (machine.run(Long.MAX_VALUE) != Stop.IDLE) {
            Guests.drain(machine, Board.STREAM, answer);
        }
        Guests.drain(machine, Board.STREAM, answer);
        byte[] bytes = answer.toByteArray();
        return bytes.length == 0 ? "" : new String(bytes, 8, bytes.length - 8, StandardCharsets.UTF_8);
    }

    @Test
    void shouldAnswerLikeRedis() {
        assertEquals("+PONG\r\n", ask(Guests.frame(7, "PING")));
        assertEquals("$-1\r\n", ask(Guests.frame(7, "GET", "a")));
        assertEquals("+OK\r\n", ask(Guests.frame(7, "SET", "a", "41")));
        assertEquals("$2\r\n41\r\n", ask(Guests.frame(8, "GET", "a")));
        assertEquals(":42\r\n", ask(Guests.frame(8, "INCR", "a")));
        assertEquals(":1\r\n", ask(Guests.frame(8, "INCR", "new")));
    }

    @Test
    void shouldPutPiecesOfACommandTogether() {
        byte[] whole = Guests.frame(3, "SET", "key", "value");
        for (int i = 0; i < whole.length - 1; i++) {
            assertEquals("", ask(new byte[] {whole[i]}));
        }
        assertEquals("+OK\r\n", ask(new byte[] {whole[whole.length - 1]}));
    }

    @Test
    void shouldNoticeADamagedValue() {
        ask(Guests.frame(1, "SET", "key", "precious value"));
        byte[] wanted = "precious value".getBytes(StandardCharsets.UTF_8);
        long page = -1;
        for (long each = 0; each < machine.memory().pageCount() && page < 0; each++) {
            for (int i = 0; i + wanted.length < 4096 && page < 0; i++) {
                int at = machine.memory().offset(each) + i;
                byte[] found = new byte[wanted.length];
                machine.memory().chunk(each).getBytes(at, found);
                // The checksum lies right in front of the entry's key: this is the entry, not a copy in a buffer.
                if (java.util.Arrays.equals(found, wanted)
                        && machine.memory().chunk(each).getByte(at - 48) == 'k') {
                    page = each;
                    machine.memory().chunk(each).putByte(at, (byte) 'P');
                }
            }
        }
        machine.memoryReplaced(page);
        assertEquals("-ERR the value's checksum is wrong\r\n", ask(Guests.frame(1, "GET", "key")));
    }
}
