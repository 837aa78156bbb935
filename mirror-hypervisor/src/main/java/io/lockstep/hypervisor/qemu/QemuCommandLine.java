package io.lockstep.hypervisor.qemu;

import java.util.ArrayList;
import java.util.List;

/** Turns a spec into QEMU's arguments. Both hosts must get the same devices in the same order. */
final class QemuCommandLine {
    private QemuCommandLine() {}

    /** Arguments for a guest that waits: on the primary for {@code cont}, on the secondary ({@code incoming}) for a stream. */
    static List<String> build(GuestSpec spec, QemuFiles files, boolean incoming) {
        List<String> line = new ArrayList<>();
        add(line, spec.qemu(), "-name", spec.name(), "-uuid", spec.uuid(), "-no-user-config", "-nodefaults");
        // No description of the stream at its end: nobody reads it, and a saved device state has none to match.
        add(line, "-machine", spec.machine() + ",memory-backend=ram,suppress-vmdesc=on");
        for (String accelerator : spec.accelerator().split(":", -1)) {
            add(line, "-accel", accelerator);
        }
        add(line, "-cpu", spec.cpu(), "-smp", Integer.toString(spec.vcpus()));
        add(line, "-m", spec.memoryBytes() / GuestSpecRules.MIB + "M");
        add(
                line,
                "-object",
                "memory-backend-file,id=ram,share=on,size=" + spec.memoryBytes() + ",mem-path=" + files.ram());
        add(line, "-display", "none", "-vga", "none", "-monitor", "none");
        add(line, "-kernel", spec.kernel());
        if (!spec.initrd().isEmpty()) {
            add(line, "-initrd", spec.initrd());
        }
        add(line, "-append", spec.commandLine());
        String serial =
                spec.serialLog().isEmpty() ? "null,id=serial" : "file,id=serial,append=on,path=" + spec.serialLog();
        add(line, "-chardev", serial, "-serial", "chardev:serial");
        add(line, "-netdev", "stream,id=nic,server=off,addr.type=unix,addr.path=" + files.nic());
        add(line, "-device", networkCard(spec) + ",netdev=nic,mac=" + spec.mac());
        if (spec.diskBytes() > 0) {
            disk(line, spec);
        }
        add(line, "-chardev", "socket,id=qmp,server=off,path=" + files.qmp(), "-mon", "chardev=qmp,mode=control");
        add(line, "-S");
        if (incoming) {
            add(line, "-incoming", "defer");
        }
        line.addAll(spec.extraArguments());
        return line;
    }

    private static void disk(List<String> line, GuestSpec spec) {
        // A server that goes away is waited for, and the guest stands still rather than see an error.
        add(
                line,
                "-blockdev",
                "driver=nbd,node-name=disk,server.type=unix,server.path=" + spec.diskSocket() + ",export="
                        + GuestSpec.DISK_EXPORT + ",reconnect-delay=30,open-timeout=10,cache.direct=on,discard=unmap");
        String device = spec.machine().startsWith("microvm") ? "virtio-blk-device" : "virtio-blk-pci";
        add(line, "-device", device + ",drive=disk,werror=stop,rerror=stop");
    }

    private static String networkCard(GuestSpec spec) {
        // Without the boot ROM, which would only be more memory outside the shared RAM.
        return spec.machine().startsWith("microvm") ? "virtio-net-device" : "virtio-net-pci,romfile=";
    }

    private static void add(List<String> line, String... arguments) {
        line.addAll(List.of(arguments));
    }
}
