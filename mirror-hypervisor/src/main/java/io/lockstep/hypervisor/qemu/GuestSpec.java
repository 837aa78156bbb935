package io.lockstep.hypervisor.qemu;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Everything that decides what a guest's hardware looks like. Both hosts must run from an equal spec: the primary sends its own to the
 * partner as JSON. Files are named by path and looked up on the host that launches; they must hold the same bytes there.
 *
 * <p>Immutable. The constructor reports every invalid component at once.
 *
 * @param name of the guest, for logs and file names: letters, digits, {@code . _ -}
 * @param qemu the QEMU binary, looked up on the PATH unless it holds a slash
 * @param machine machine type with options; must have a fixed layout on both hosts: microvm or a versioned pc or q35
 * @param cpu CPU model
 * @param accelerator {@code kvm}, {@code tcg} or {@code kvm:tcg}; {@link Accelerators#resolve} turns the last into one of the first two
 * @param memoryBytes guest RAM, a multiple of 1 MiB
 * @param vcpus number of virtual CPUs
 * @param kernel path of the kernel image
 * @param initrd path of the initramfs; empty for none
 * @param commandLine the kernel's
 * @param mac address of the guest's network card
 * @param uuid of the guest
 * @param serialLog file that receives the guest's serial console, appended to; empty to discard the console
 * @param diskBytes size of the guest's disk, a multiple of 4 KiB; 0 for none
 * @param diskSocket unix socket of the NBD server that serves the disk to this host's QEMU, which reads from it before the guest runs;
 *     each host has its own, so it may be empty until QEMU is launched
 * @param extraArguments more arguments for QEMU; the same on both hosts
 */
public record GuestSpec(
        String name,
        String qemu,
        String machine,
        String cpu,
        String accelerator,
        long memoryBytes,
        int vcpus,
        String kernel,
        String initrd,
        String commandLine,
        String mac,
        String uuid,
        String serialLog,
        long diskBytes,
        String diskSocket,
        List<String> extraArguments) {

    /** A machine without BIOS, PCI or legacy devices: the smallest device state, hence the shortest pause. */
    public static final String MICROVM = "microvm,x-option-roms=off,rtc=on";

    /** The PCI Express machine, for guests that need it. */
    public static final String Q35 = "pc-q35-7.2";

    /** Name of the export under which the disk's NBD server must serve it. */
    public static final String DISK_EXPORT = "disk";

    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);

    /** Checks every component. @throws InvalidGuestSpecException naming every invalid one */
    public GuestSpec {
        extraArguments = extraArguments == null ? List.of() : List.copyOf(extraArguments);
        initrd = initrd == null ? "" : initrd;
        commandLine = commandLine == null ? "" : commandLine;
        serialLog = serialLog == null ? "" : serialLog;
        diskSocket = diskSocket == null ? "" : diskSocket;
        new GuestSpecRules()
                .text("name", name)
                .text("qemu", qemu)
                .text("machine", machine)
                .text("cpu", cpu)
                .text("accelerator", accelerator)
                .size(memoryBytes, vcpus)
                .text("kernel", kernel)
                .textOrEmpty("initrd", initrd)
                .text("mac", mac)
                .text("uuid", uuid)
                .textOrEmpty("serialLog", serialLog)
                .disk(diskBytes, diskSocket)
                .verify();
    }

    /** A spec with defaults: 256 MiB, one CPU, {@link #MICROVM}, a MAC and UUID derived from the name. */
    public static GuestSpec of(String name, String kernel, String initrd) {
        UUID uuid = UUID.nameUUIDFromBytes(String.valueOf(name).getBytes(java.nio.charset.StandardCharsets.UTF_8));
        long low = uuid.getLeastSignificantBits();
        String mac = String.format("52:54:00:%02x:%02x:%02x", low & 0xff, (low >> 8) & 0xff, (low >> 16) & 0xff);
        return new GuestSpec(
                name,
                "qemu-system-x86_64",
                MICROVM,
                "max",
                "kvm:tcg",
                256L << 20,
                1,
                kernel,
                initrd,
                "console=ttyS0 quiet panic=1 reboot=t",
                mac,
                uuid.toString(),
                "",
                0,
                "",
                List.of());
    }

    /** The same with another machine type. */
    public GuestSpec withMachine(String value) {
        return with(edit -> edit.machine = value);
    }

    /** The same with another CPU model. */
    public GuestSpec withCpu(String value) {
        return with(edit -> edit.cpu = value);
    }

    /** The same with another accelerator. */
    public GuestSpec withAccelerator(String value) {
        return with(edit -> edit.accelerator = value);
    }

    /** The same with another amount of RAM and number of CPUs. */
    public GuestSpec withSize(long newMemoryBytes, int newVcpus) {
        return with(edit -> {
            edit.memoryBytes = newMemoryBytes;
            edit.vcpus = newVcpus;
        });
    }

    /** The same with words added to the kernel command line. */
    public GuestSpec withKernelArguments(String words) {
        return with(edit -> edit.commandLine = commandLine + " " + words);
    }

    /** The same with another serial log; each host may have its own. */
    public GuestSpec withSerialLog(String path) {
        return with(edit -> edit.serialLog = path);
    }

    /** The same with a disk of that many bytes; 0 for none. */
    public GuestSpec withDisk(long bytes) {
        return with(edit -> edit.diskBytes = bytes);
    }

    /** The same with another socket to find the disk at; each host has its own. */
    public GuestSpec withDiskSocket(String path) {
        return with(edit -> edit.diskSocket = path);
    }

    /** The same with another QEMU binary. */
    public GuestSpec withQemu(String binary) {
        return with(edit -> edit.qemu = binary);
    }

    /** The same with other extra arguments. */
    public GuestSpec withExtraArguments(List<String> arguments) {
        return with(edit -> edit.extraArguments = arguments);
    }

    private GuestSpec with(Consumer<Edit> change) {
        Edit edit = new Edit(this);
        change.accept(edit);
        return edit.toSpec();
    }

    /** The components that a copy may change. */
    private static final class Edit {
        private final GuestSpec original;
        private String qemu;
        private String machine;
        private String cpu;
        private String accelerator;
        private long memoryBytes;
        private int vcpus;
        private String commandLine;
        private String serialLog;
        private long diskBytes;
        private String diskSocket;
        private List<String> extraArguments;

        Edit(GuestSpec original) {
            this.original = original;
            qemu = original.qemu;
            machine = original.machine;
            cpu = original.cpu;
            accelerator = original.accelerator;
            memoryBytes = original.memoryBytes;
            vcpus = original.vcpus;
            commandLine = original.commandLine;
            serialLog = original.serialLog;
            diskBytes = original.diskBytes;
            diskSocket = original.diskSocket;
            extraArguments = original.extraArguments;
        }

        GuestSpec toSpec() {
            return new GuestSpec(
                    original.name,
                    qemu,
                    machine,
                    cpu,
                    accelerator,
                    memoryBytes,
                    vcpus,
                    original.kernel,
                    original.initrd,
                    commandLine,
                    original.mac,
                    original.uuid,
                    serialLog,
                    diskBytes,
                    diskSocket,
                    extraArguments);
        }
    }

    /** The spec as JSON, for the partner. */
    public byte[] toJson() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a spec of plain values cannot fail to serialise", e);
        }
    }

    /**
     * Reads what {@link #toJson()} wrote.
     *
     * @throws IOException if it is not JSON, or lacks a key, or has an unknown or mistyped one
     * @throws InvalidGuestSpecException if a value is not allowed
     */
    public static GuestSpec fromJson(byte[] json) throws IOException {
        try {
            return JSON.readValue(json, GuestSpec.class);
        } catch (com.fasterxml.jackson.databind.exc.ValueInstantiationException e) {
            if (e.getCause() instanceof InvalidGuestSpecException invalid) {
                throw invalid;
            }
            throw e;
        }
    }
}
