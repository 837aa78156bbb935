package io.lockstep.hypervisor.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Finds out which accelerator runs a guest here. That {@code /dev/kvm} exists, can be opened, and even runs real-mode code proves little
 * on a host that is itself a virtual machine, so the proof is the guest's own kernel: without a root file system it boots, panics and
 * reboots, which ends a QEMU started with {@code -no-reboot}.
 */
public final class Accelerators {
    private static final Path KVM_DEVICE = Path.of("/dev/kvm");
    private static final long PROBE_SECONDS = 6;
    private static final String TSC_TRUST = "tsc=";
    private static final String TSC_FREQUENCY = "tsc_early_khz=";

    private Accelerators() {}

    /**
     * Replaces {@code kvm:tcg} by the one that works on this host; any other value is kept. Blocks, for at most some seconds. The
     * partner must run from the result, because the two accelerators save different device states.
     *
     * <p>Under TCG the guest sees the host's TSC, but on a busy host a Linux guest comes to distrust it, since the timers it compares it
     * with lose ticks; its clock then runs slow. So its kernel is told to rely on the TSC. A microvm is also told the frequency: it
     * has only one old timer to measure it against, fails at that when the host is busy, and then hangs at boot.
     */
    public static GuestSpec resolve(GuestSpec spec) {
        GuestSpec resolved = spec;
        if (spec.accelerator().contains(":")) {
            resolved = spec.withAccelerator(kvmRuns(spec) ? "kvm" : "tcg");
        }
        if (!resolved.accelerator().equals("tcg")) {
            return resolved;
        }
        if (!resolved.commandLine().contains(TSC_TRUST)) {
            resolved = resolved.withKernelArguments(TSC_TRUST + "reliable");
        }
        long kiloHertz = resolved.machine().startsWith("microvm") ? hostKiloHertz() : 0;
        boolean tell = kiloHertz != 0 && !resolved.commandLine().contains(TSC_FREQUENCY);
        return tell ? resolved.withKernelArguments(TSC_FREQUENCY + kiloHertz) : resolved;
    }

    private static boolean kvmRuns(GuestSpec spec) {
        if (!Files.isWritable(KVM_DEVICE)) {
            return false;
        }
        List<String> command = new ArrayList<>(List.of(spec.qemu(), "-machine", spec.machine(), "-accel", "kvm"));
        command.addAll(List.of("-cpu", spec.cpu(), "-m", "256M", "-no-user-config", "-nodefaults", "-display", "none"));
        command.addAll(List.of("-kernel", spec.kernel(), "-append", "panic=-1 reboot=t", "-no-reboot"));
        Process process = null;
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(PROBE_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }

    /** The host's TSC frequency as far as it says; TCG guests see the host's TSC. 0 if unknown. */
    private static long hostKiloHertz() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                if (line.toLowerCase(Locale.ROOT).startsWith("cpu mhz")) {
                    return Math.round(Double.parseDouble(
                                    line.substring(line.indexOf(':') + 1).strip())
                            * 1000);
                }
            }
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
        return 0;
    }
}
