package io.lockstep.host.drill;

import io.lockstep.host.rig.OptionChecks;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What was asked for, checked.
 *
 * @param scenarios which of them
 * @param rounds random moments in F1
 * @param seed decides every moment
 * @param json where to write the result, null for nowhere
 * @param guestDir kernel and initrd
 */
record DrillOptions(Set<ScenarioKind> scenarios, int rounds, long seed, Path json, Path guestDir) {
    /** The options as typed; null where nothing was. */
    record Typed(String only, String rounds, String seed, String json, String guestDir, List<String> unknown) {}

    static DrillOptions check(Typed typed, Path home) throws OptionChecks.BadOptions {
        List<String> errors = new ArrayList<>();
        typed.unknown.forEach(word -> errors.add("'" + word + "' is no option of drill; see ./mirror drill --help"));
        Set<ScenarioKind> scenarios = scenarios(typed.only, errors);
        int rounds = (int) OptionChecks.number("--rounds", typed.rounds, 20, 1, 10_000, errors);
        long anySeed = new SplittableRandom().nextLong(1, 1_000_000_000);
        long seed = OptionChecks.number("--seed", typed.seed, anySeed, Long.MIN_VALUE, Long.MAX_VALUE, errors);
        Path json = OptionChecks.outputFile("--json", typed.json, errors);
        Path guestDir = OptionChecks.guestDir(typed.guestDir, home, errors);
        OptionChecks.throwIfAny(errors);
        return new DrillOptions(scenarios, rounds, seed, json, guestDir);
    }

    private static Set<ScenarioKind> scenarios(String only, List<String> errors) {
        if (only == null) {
            return EnumSet.allOf(ScenarioKind.class);
        }
        Set<ScenarioKind> scenarios = EnumSet.noneOf(ScenarioKind.class);
        for (String word : only.split(",", -1)) {
            ScenarioKind kind = ScenarioKind.of(word.strip().toUpperCase(Locale.ROOT));
            if (kind == null) {
                errors.add("--only names '" + word + "': must be of " + ScenarioKind.names());
            } else {
                scenarios.add(kind);
            }
        }
        return scenarios;
    }
}
