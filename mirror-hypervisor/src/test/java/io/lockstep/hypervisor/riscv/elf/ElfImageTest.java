package io.lockstep.hypervisor.riscv.elf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.hypervisor.riscv.MachineConfig;
import io.lockstep.hypervisor.riscv.RiscvMachine;
import io.lockstep.hypervisor.riscv.elf.ElfException.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ElfImageTest {
    private static byte[] program() {
        try (InputStream in = ElfImageTest.class.getResourceAsStream("/riscv/arithmetic.elf")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Problem problem(byte[] file) {
        return assertThrows(ElfException.class, () -> ElfImage.parse(file)).problem();
    }

    private static byte[] with(int offset, int value) {
        byte[] file = program();
        file[offset] = (byte) value;
        return file;
    }

    @Test
    void shouldFindEntrySegmentsAndSymbols() {
        ElfImage image = ElfImage.parse(program());
        assertEquals(0x80000000L, image.entry());
        assertTrue(image.symbol("tohost").isPresent());
        assertTrue(image.symbol("no such symbol").isEmpty());
        assertEquals(0x80000000L, image.segments().get(0).physical());
    }

    @Test
    void shouldSayWhatIsWrong() {
        assertEquals(Problem.NOT_ELF, problem("hello".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        assertEquals(Problem.NOT_ELF, problem(new byte[0]));
        assertEquals(Problem.MALFORMED, problem(Arrays.copyOf(program(), 40)));
        assertEquals(Problem.WRONG_CLASS, problem(with(4, 1)));
        assertEquals(Problem.WRONG_CLASS, problem(with(5, 2)));
        assertEquals(Problem.WRONG_MACHINE, problem(with(18, 62)));
        assertEquals(Problem.MALFORMED, problem(Arrays.copyOf(program(), 3000)));
    }

    @Test
    void shouldRefuseASegmentOutsideRam() {
        byte[] file = with(24 + 3, 0x90); // the entry
        try (RiscvMachine machine = new RiscvMachine(MachineConfig.ofRam(1 << 20))) {
            ElfException error = assertThrows(ElfException.class, () -> machine.load(ElfImage.parse(file)));
            assertEquals(Problem.OUTSIDE_RAM, error.problem());
        }
    }

    @Test
    void shouldSurviveDamage() {
        long seed = 5;
        Random random = new Random(seed);
        byte[] good = program();
        for (int i = 0; i < 20_000; i++) {
            byte[] file = good.clone();
            for (int k = 0; k < 1 + random.nextInt(3); k++) {
                file[random.nextInt(random.nextBoolean() ? 200 : file.length)] = (byte) random.nextInt();
            }
            try {
                ElfImage.parse(file);
            } catch (ElfException expected) {
                assertTrue(expected.getMessage().length() > 10, "seed " + seed + ", round " + i);
            }
        }
    }
}
