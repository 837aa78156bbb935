package io.lockstep.hypervisor.riscv;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Bare-metal programs (src/guest/riscv). What they print was recorded from qemu-system-riscv64, an independent implementation. */
final class ProgramsTest {
    @Test
    void shouldComputeWhatQemuComputes() {
        try (RiscvMachine machine = Guests.machine("arithmetic.elf")) {
            String printed = Guests.finish(machine, 100_000_000);
            assertEquals(new String(Guests.resource("arithmetic.expected"), StandardCharsets.UTF_8), printed);
            assertEquals("tohost", machine.endReason());
            assertEquals(0, machine.endCode());
        }
    }

    @Test
    void shouldTrapTranslateAndDelegateLikeQemu() {
        try (RiscvMachine machine = Guests.machine("privileged.elf")) {
            String printed = Guests.finish(machine, 10_000_000);
            assertEquals(new String(Guests.resource("privileged.expected"), StandardCharsets.UTF_8), printed);
            assertEquals(0, machine.endCode());
        }
    }
}
