package io.lockstep.hypervisor.qemu;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuestSpecTest {
    private static final GuestSpec SPEC = GuestSpec.of("web-1", "/boot/vmlinuz", "/boot/initrd");

    @Test
    void shouldSurviveJson() throws IOException {
        GuestSpec spec = SPEC.withMachine(GuestSpec.Q35)
                .withSize(3L << 30, 4)
                .withAccelerator("tcg")
                .withSerialLog("/var/log/web-1.log")
                .withDisk(1L << 30)
                .withDiskSocket("/run/web-1.disk")
                .withExtraArguments(List.of("-drive", "if=none,id=d"));

        assertEquals(spec, GuestSpec.fromJson(spec.toJson()));
    }

    @Test
    void shouldNameEveryInvalidValueAtOnce() {
        InvalidGuestSpecException e = assertThrows(
                InvalidGuestSpecException.class,
                () -> new GuestSpec(
                        "no spaces please",
                        "",
                        "q35",
                        null,
                        "xen",
                        1000,
                        0,
                        "/a,b",
                        "",
                        "",
                        "01:02",
                        "x",
                        "",
                        100,
                        "a,b",
                        null));

        assertEquals(
                List.of(
                        "name",
                        "qemu",
                        "machine",
                        "cpu",
                        "accelerator",
                        "memoryBytes",
                        "vcpus",
                        "kernel",
                        "mac",
                        "uuid",
                        "diskBytes",
                        "diskSocket"),
                e.problems().stream()
                        .map(InvalidGuestSpecException.Problem::key)
                        .toList());
        assertTrue(e.getMessage().contains("memoryBytes is '1000'; allowed: a multiple of 1048576"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"pc", "q35", "pc-q35", "microvm-7.2x y", "pc-q35-7.2,", "pc-q35-7.2,a b"})
    void shouldRefuseMachinesThatMayDifferBetweenHosts(String machine) {
        assertThrows(InvalidGuestSpecException.class, () -> SPEC.withMachine(machine));
    }

    @ParameterizedTest
    @ValueSource(strings = {GuestSpec.MICROVM, GuestSpec.Q35, "pc-i440fx-7.2,usb=off", "microvm"})
    void shouldAllowMachinesOfFixedLayout(String machine) {
        assertDoesNotThrow(() -> SPEC.withMachine(machine));
    }

    @Test
    void shouldGiveTheSameMacToTheSameName() {
        GuestSpec again = GuestSpec.of("web-1", "/boot/vmlinuz", "");

        assertEquals(SPEC.mac(), again.mac());
        assertEquals(SPEC.uuid(), again.uuid());
    }

    @Test
    void shouldRefuseInvalidJsonFromThePartner() {
        String json = new String(SPEC.toJson(), StandardCharsets.UTF_8);

        assertThrows(IOException.class, () -> GuestSpec.fromJson(bytes("{\"name\":")));
        assertThrows(
                IOException.class,
                () -> GuestSpec.fromJson(bytes(json.replace("{\"name\"", "{\"colour\":1,\"name\""))));
        assertThrows(IOException.class, () -> GuestSpec.fromJson(bytes(json.replace("\"vcpus\":1,", ""))));
        assertThrows(
                InvalidGuestSpecException.class,
                () -> GuestSpec.fromJson(bytes(json.replace("\"vcpus\":1", "\"vcpus\":9999"))));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
