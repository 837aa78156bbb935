package io.lockstep.hypervisor.riscv;

import io.lockstep.hypervisor.riscv.device.Board;
import io.lockstep.hypervisor.riscv.elf.ElfImage;
import io.lockstep.mirror.spi.LockstepMachine.Stop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;

/** Programs of the test resources, and what tests do with machines again and again. */
final class Guests {
    private Guests() {}

    static byte[] resource(String name) {
        try (InputStream in = Guests.class.getResourceAsStream("/riscv/" + name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(name, e);
        }
    }

    static RiscvMachine machine(String program) {
        RiscvMachine machine = new RiscvMachine(MachineConfig.ofRam(16L << 20));
        machine.load(ElfImage.parse(resource(program)));
        return machine;
    }

    /** Runs to the end, at most {@code limit} steps; returns what was printed. */
    static String finish(RiscvMachine machine, long limit) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        Stop stop = Stop.OUTPUT;
        while (stop == Stop.OUTPUT || stop == Stop.IDLE) {
            stop = machine.run(limit);
            drain(machine, Board.CONSOLE, text);
            if (stop == Stop.IDLE) {
                if (machine.deadlineNs() == Long.MAX_VALUE) {
                    throw new AssertionError("stuck:\n" + machine.describeState());
                }
                clock(machine, machine.deadlineNs());
            }
        }
        return text.toString(StandardCharsets.UTF_8);
    }

    static void drain(RiscvMachine machine, int wanted, ByteArrayOutputStream into) {
        machine.drainOutput(
                (count, channel, buffer, offset, length) -> {
                    if (channel == wanted) {
                        byte[] bytes = new byte[length];
                        buffer.getBytes(offset, bytes);
                        into.writeBytes(bytes);
                    }
                },
                Integer.MAX_VALUE);
    }

    static void clock(RiscvMachine machine, long ns) {
        UnsafeBuffer buffer = new UnsafeBuffer(new byte[Long.BYTES]);
        buffer.putLong(0, ns, ByteOrder.LITTLE_ENDIAN);
        machine.inject(Board.CLOCK, buffer, 0, Long.BYTES);
    }

    /** A Redis command in a frame of the service guest. */
    static byte[] frame(int connection, String... words) {
        StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
        for (String each : words) {
            text.append('$').append(each.length()).append("\r\n").append(each).append("\r\n");
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer frame = ByteBuffer.allocate(8 + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
        return frame.putInt(connection).putInt(bytes.length).put(bytes).array();
    }
}
