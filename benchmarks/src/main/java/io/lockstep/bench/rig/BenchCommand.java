package io.lockstep.bench.rig;

import io.lockstep.host.rig.JavaCommand;
import io.lockstep.host.rig.RigException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code benchmarks/run}. Runs inside the namespaces that the script made. */
@Command(
        name = "benchmarks/run",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures a real pair: pauses, checkpoints, slowdown, latency, memory and failovers.",
        footer = {
            "",
            "Exit code: 0 if every phase was measured, whatever the numbers are; 1 if not; 2 for a bad command line."
        })
public final class BenchCommand implements Callable<Integer> {
    private static final List<String> PARTS = List.of("idle", "mem200", "mem4000", "cpu", "failover");

    @Spec
    private CommandSpec spec;

    @Option(names = "--quick", description = "a short run: one round of 2 s phases, 2 failovers")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", description = "failovers (5)")
    private Integer rounds;

    @Option(names = "--repeat", paramLabel = "N", description = "protected phases of each load; medians are taken (3)")
    private Integer repeat;

    @Option(names = "--seconds", paramLabel = "N", description = "length of a phase (4)")
    private Integer seconds;

    @Option(
            names = "--only",
            paramLabel = "PART",
            split = ",",
            description = "some of idle, mem200, mem4000, cpu, failover (all)")
    private List<String> only = PARTS;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "where the result is written (benchmarks/results/rig.json)")
    private Path json;

    @Option(names = "--guest-dir", paramLabel = "DIR", description = "where vmlinuz and initrd are (build/guest)")
    private Path guestDir;

    /** Entry. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new BenchCommand()).execute(arguments));
    }

    @Override
    public Integer call() throws RigException {
        Path home = JavaCommand.home();
        String directory = System.getenv("MIRROR_RUN_DIR");
        if (System.getenv("MIRROR_ISOLATED") == null || directory == null) {
            System.err.println("must run in namespaces of its own: start it as benchmarks/run");
            return 1;
        }
        RigOptions options = new RigOptions(
                Path.of(directory),
                guestDir == null ? home.resolve("build/guest") : guestDir,
                json == null ? home.resolve("benchmarks/results/rig.json") : json,
                checkParts(),
                within("--repeat", repeat, quick ? 1 : 3, 100),
                Duration.ofSeconds(within("--seconds", seconds, quick ? 2 : 4, 600)),
                within("--rounds", rounds, quick ? 2 : 5, 1000));
        for (String name : List.of("vmlinuz", "initrd")) {
            if (!Files.isReadable(options.guestDir().resolve(name))) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--guest-dir: no " + options.guestDir().resolve(name) + "; dev/guest builds it");
            }
        }
        return new RigRun(options, home).run();
    }

    private List<String> checkParts() {
        for (String part : only) {
            if (!PARTS.contains(part)) {
                throw new ParameterException(
                        spec.commandLine(), "--only is '" + part + "': must be some of " + String.join(", ", PARTS));
            }
        }
        return List.copyOf(only);
    }

    private int within(String option, Integer typed, int standard, int most) {
        int value = typed == null ? standard : typed;
        if (value < 1 || value > most) {
            throw new ParameterException(spec.commandLine(), option + " is " + value + ": must be from 1 to " + most);
        }
        return value;
    }
}
