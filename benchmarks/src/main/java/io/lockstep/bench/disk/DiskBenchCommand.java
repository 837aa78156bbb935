package io.lockstep.bench.disk;

import io.lockstep.host.rig.JavaCommand;
import io.lockstep.host.rig.RigException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dev/bench disk}. */
@Command(
        name = "dev/bench disk",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Measures ./mirror nbd beside qemu-nbd and nbdkit: the same file, fio's nbd engine, a unix socket.",
        footer = {
            "",
            "Exit code: 0 if every load was measured, whatever the numbers are; 1 if not; 2 for a bad command line."
        })
public final class DiskBenchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--quick", description = "a short run: 1 round of 1 s each")
    private boolean quick;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "rounds; medians are taken (6: each server is first twice)")
    private Integer rounds;

    @Option(names = "--seconds", paramLabel = "N", description = "length of one load on one server (3)")
    private Integer seconds;

    @Option(
            names = "--only",
            paramLabel = "LOAD",
            split = ",",
            description = "some of write-4k-1, write-4k-32, read-4k-1, read-4k-32, write-128k, read-128k (all)")
    private List<String> only = List.of();

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "where the served file is made (/dev/shm, a tmpfs; with --direct build/)")
    private Path directory;

    @Option(
            names = "--direct",
            description = "around the page cache (O_DIRECT); without nbdkit, whose file plugin cannot")
    private boolean direct;

    @Option(names = "--size", paramLabel = "MIB", description = "size of the file (256)")
    private Integer sizeMib;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "where the result is written (benchmarks/results/disk.json)")
    private Path json;

    /** Entry. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new DiskBenchCommand()).execute(arguments));
    }

    @Override
    public Integer call() throws RigException {
        Path home = JavaCommand.home();
        Path where = directory != null ? directory : direct ? home.resolve("build") : Path.of("/dev/shm");
        if (!Files.isWritable(where)) {
            throw new ParameterException(spec.commandLine(), "--dir: cannot write to " + where);
        }
        int standardSeconds = quick ? 1 : 3;
        DiskOptions options = new DiskOptions(
                where.toAbsolutePath(),
                direct,
                within("--size", sizeMib, 256, 1 << 20),
                loads(),
                within("--rounds", rounds, quick ? 1 : 6, 100),
                within("--seconds", seconds, standardSeconds, 600),
                quick ? 1 : 3,
                json == null ? home.resolve("benchmarks/results/disk.json") : json);
        return new DiskRun(options, home).run();
    }

    private List<Load> loads() {
        List<String> names = Load.ALL.stream().map(Load::name).toList();
        List<Load> chosen = new ArrayList<>();
        for (String name : only) {
            if (!names.contains(name)) {
                throw new ParameterException(
                        spec.commandLine(), "--only is '" + name + "': must be some of " + String.join(", ", names));
            }
            chosen.add(Load.ALL.get(names.indexOf(name)));
        }
        return chosen.isEmpty() ? Load.ALL : List.copyOf(chosen);
    }

    private int within(String option, Integer typed, int standard, int most) {
        int value = typed == null ? standard : typed;
        if (value < 1 || value > most) {
            throw new ParameterException(spec.commandLine(), option + " is " + value + ": must be from 1 to " + most);
        }
        return value;
    }
}
