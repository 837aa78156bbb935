package io.lockstep.hypervisor.riscv.boot;

import io.lockstep.hypervisor.riscv.memory.GuestRam;

/** The device tree of the board, after the bindings that Linux documents. */
final class DeviceTree {
    private static final int CPU_INTERRUPTS = 1;
    private static final int PLIC = 2;
    private static final int FINISHER = 3;
    private static final int SUPERVISOR_EXTERNAL = 9;
    private static final int MACHINE_EXTERNAL = 11;

    private DeviceTree() {}

    /**
     * Builds it.
     *
     * @param initrd physical address, 0 for none
     */
    static byte[] build(long ramBytes, String arguments, long initrd, long initrdBytes) {
        FdtWriter tree = new FdtWriter();
        tree.begin("").cells("#address-cells", 2).cells("#size-cells", 2);
        tree.text("compatible", "riscv-virtio").text("model", "riscv-virtio,qemu");
        tree.begin("chosen").text("bootargs", arguments).text("stdout-path", "/soc/serial@10000000");
        if (initrdBytes > 0) {
            tree.longs("linux,initrd-start", initrd).longs("linux,initrd-end", initrd + initrdBytes);
        }
        tree.end();
        tree.begin("memory@80000000").text("device_type", "memory").longs("reg", GuestRam.BASE, ramBytes);
        tree.end();
        cpu(tree);
        tree.begin("soc").cells("#address-cells", 2).cells("#size-cells", 2).text("compatible", "simple-bus");
        tree.flag("ranges");
        controllers(tree);
        devices(tree);
        tree.end();
        tree.begin("poweroff").text("compatible", "syscon-poweroff");
        tree.cells("regmap", FINISHER).cells("offset", 0).cells("value", 0x5555).end();
        tree.begin("reboot").text("compatible", "syscon-reboot");
        tree.cells("regmap", FINISHER).cells("offset", 0).cells("value", 0x7777).end();
        return tree.end().finish();
    }

    private static void cpu(FdtWriter tree) {
        tree.begin("cpus").cells("#address-cells", 1).cells("#size-cells", 0);
        tree.cells("timebase-frequency", 10_000_000);
        tree.begin("cpu@0").text("device_type", "cpu").cells("reg", 0).text("status", "okay");
        tree.text("compatible", "riscv")
                .text("riscv,isa", "rv64imafdc_zicsr_zifencei")
                .text("mmu-type", "riscv,sv39");
        tree.text("riscv,isa-base", "rv64i");
        tree.text("riscv,isa-extensions", "i", "m", "a", "f", "d", "c", "zicntr", "zicsr", "zifencei");
        tree.begin("interrupt-controller").cells("#interrupt-cells", 1).flag("interrupt-controller");
        tree.text("compatible", "riscv,cpu-intc")
                .cells("phandle", CPU_INTERRUPTS)
                .end();
        tree.end();
        tree.end();
    }

    private static void controllers(FdtWriter tree) {
        tree.begin("clint@2000000").text("compatible", "sifive,clint0", "riscv,clint0");
        tree.longs("reg", 0x200_0000, 0x1_0000);
        tree.cells("interrupts-extended", CPU_INTERRUPTS, 3, CPU_INTERRUPTS, 7).end();
        tree.begin("plic@c000000").text("compatible", "sifive,plic-1.0.0", "riscv,plic0");
        tree.longs("reg", 0xc00_0000, 0x60_0000).cells("#interrupt-cells", 1).cells("#address-cells", 0);
        tree.flag("interrupt-controller").cells("riscv,ndev", 31).cells("phandle", PLIC);
        tree.cells("interrupts-extended", CPU_INTERRUPTS, MACHINE_EXTERNAL, CPU_INTERRUPTS, SUPERVISOR_EXTERNAL);
        tree.end();
    }

    private static void devices(FdtWriter tree) {
        tree.begin("test@100000").text("compatible", "sifive,test1", "sifive,test0", "syscon");
        tree.longs("reg", 0x10_0000, 0x1000).cells("phandle", FINISHER).end();
        tree.begin("serial@10000000").text("compatible", "ns16550a").longs("reg", 0x1000_0000, 0x100);
        tree.cells("clock-frequency", 3_686_400).cells("interrupt-parent", PLIC).cells("interrupts", 10);
        tree.end();
        for (int slot = 0; slot < 8; slot++) {
            long base = 0x1000_1000L + 0x1000L * slot;
            tree.begin("virtio_mmio@" + Long.toHexString(base)).text("compatible", "virtio,mmio");
            tree.longs("reg", base, 0x1000).cells("interrupt-parent", PLIC).cells("interrupts", 1 + slot);
            tree.end();
        }
    }
}
