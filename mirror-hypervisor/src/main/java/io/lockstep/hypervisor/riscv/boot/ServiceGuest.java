package io.lockstep.hypervisor.riscv.boot;

import io.lockstep.hypervisor.riscv.elf.ElfImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * The small service that comes with the machine: a key-value store with checksummed values (src/guest/riscv/service/kv.c). It speaks the Redis protocol (PING,
 * SET, GET, INCR) inside frames on the stream channel: connection number (4 bytes, little endian), length (4), bytes; length 0 closes the connection.
 */
public final class ServiceGuest {
    /** RAM it needs. */
    public static final long RAM_BYTES = 16L << 20;

    /** Bytes in front of each frame. */
    public static final int FRAME_HEADER = 8;

    private ServiceGuest() {}

    /** The program, for {@link io.lockstep.hypervisor.riscv.RiscvMachine#load}. */
    public static ElfImage image() {
        try (InputStream in = ServiceGuest.class.getResourceAsStream("kv.elf")) {
            if (in == null) {
                throw new IllegalStateException("kv.elf is not on the class path");
            }
            return ElfImage.parse(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
