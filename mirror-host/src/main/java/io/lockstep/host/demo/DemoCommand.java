package io.lockstep.host.demo;

import io.lockstep.host.rig.JavaCommand;
import io.lockstep.host.rig.OptionChecks;
import io.lockstep.host.rig.RigException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Unmatched;

/** {@code mirror demo}. Runs inside the namespaces that the launcher made. Exit codes: 0 all verified, 1 not, 2 bad command line. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Boots Linux in QEMU on host a, mirrors it to host b, talks to Redis in it over one TCP connection, breaks something, and"
                    + " verifies every answer the client ever got.",
            "Two host processes, two QEMUs, one private network; nothing of it stays behind."
        },
        footer = {
            "",
            "Exit code: 0 if every acknowledged answer was verified and the expected thing happened, 1 if not, 2 for a bad command line."
        })
public final class DemoCommand implements Callable<Integer> {
    @Option(names = "--epoch", paramLabel = "TIME", description = "aim for the time between two checkpoints (24ms)")
    private String epoch;

    @Option(names = "--seconds", paramLabel = "N", description = "how long the protected guest runs, in all (20)")
    private String seconds;

    @Option(
            names = "--kill",
            paramLabel = "WHAT",
            description = "what is broken at a random moment: a, b, qemu-a, engine-a, link, none (a)")
    private String kill;

    @Option(
            names = "--disk",
            description =
                    "the guest has a disk: a database and a program that notices loss write on it; before anything else the"
                            + " disk of the guest's host fails, and then stands still")
    private boolean disk;

    @Option(names = "--netns", description = "the two hosts in two network namespaces joined by veth")
    private boolean netns;

    @Option(names = "--json", paramLabel = "FILE", description = "writes everything there is to know at the end")
    private String json;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "repeats an earlier run's moment and data (random, printed)")
    private String seed;

    @Option(names = "--memory", paramLabel = "SIZE", description = "memory of the guest (256m)")
    private String memory;

    @Option(names = "--guest-dir", paramLabel = "DIR", description = "where vmlinuz and initrd are (build/guest)")
    private String guestDir;

    @Option(names = "--verbose", description = "also shows what the hosts log")
    private boolean verbose;

    @Unmatched
    private List<String> unknown = new ArrayList<>();

    @Override
    public Integer call() {
        DemoOptions options;
        try {
            options = DemoOptions.check(
                    new DemoOptions.Typed(
                            epoch,
                            seconds,
                            kill,
                            netns,
                            json,
                            seed,
                            memory,
                            guestDir,
                            disk,
                            verbose,
                            List.copyOf(unknown)),
                    JavaCommand.home());
        } catch (OptionChecks.BadOptions e) {
            return e.print("demo");
        } catch (RigException e) {
            System.err.println("mirror demo: " + e.getMessage());
            return 1;
        }
        String directory = System.getenv("MIRROR_RUN_DIR");
        if (System.getenv("MIRROR_ISOLATED") == null || directory == null) {
            System.err.println("mirror demo: must run in namespaces of its own: start it as ./mirror demo");
            return 1;
        }
        return new DemoRun(options, Path.of(directory)).run();
    }
}
