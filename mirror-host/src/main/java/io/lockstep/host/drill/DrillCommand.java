package io.lockstep.host.drill;

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

/** {@code mirror drill}. Runs inside the namespaces that the launcher made. Exit codes: 0 all passed, 1 not, 2 bad command line. */
@Command(
        name = "drill",
        mixinStandardHelpOptions = true,
        description = {
            "Breaks a pair of hosts in every way it must survive, on real processes, and prints what came of it.",
            "A client on one TCP connection verifies each scenario: nothing acknowledged may be lost or done twice."
        },
        footer = {"", "Exit code: 0 if everything passed, 1 if not, 2 for a bad command line."})
public final class DrillCommand implements Callable<Integer> {
    @Option(names = "--only", paramLabel = "F1,F4", description = "only these scenarios")
    private String only;

    @Option(names = "--rounds", paramLabel = "N", description = "random moments at which F1 kills a host (20)")
    private String rounds;

    @Option(names = "--seed", paramLabel = "N", description = "repeats the moments of an earlier run (random, printed)")
    private String seed;

    @Option(names = "--json", paramLabel = "FILE", description = "writes the table as JSON")
    private String json;

    @Option(names = "--guest-dir", paramLabel = "DIR", description = "where vmlinuz and initrd are (build/guest)")
    private String guestDir;

    @Option(names = "--list", description = "lists the scenarios and ends")
    private boolean list;

    @Unmatched
    private List<String> unknown = new ArrayList<>();

    @Override
    public Integer call() {
        DrillOptions options;
        try {
            options = DrillOptions.check(
                    new DrillOptions.Typed(only, rounds, seed, json, guestDir, List.copyOf(unknown)),
                    JavaCommand.home());
        } catch (OptionChecks.BadOptions e) {
            return e.print("drill");
        } catch (RigException e) {
            System.err.println("mirror drill: " + e.getMessage());
            return 1;
        }
        if (list) {
            for (ScenarioKind kind : ScenarioKind.values()) {
                System.out.printf("%-4s %s%n", kind.name(), kind.title());
            }
            return 0;
        }
        String directory = System.getenv("MIRROR_RUN_DIR");
        if (System.getenv("MIRROR_ISOLATED") == null || directory == null) {
            System.err.println("mirror drill: must run in namespaces of its own: start it as ./mirror drill");
            return 1;
        }
        return new Drill(options, Path.of(directory), System.out).run();
    }
}
