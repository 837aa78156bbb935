package io.lockstep.host.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lockstep.host.rig.OptionChecks;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What was asked for, checked.
 *
 * @param epochMs aim for the time between two checkpoints
 * @param seconds how long the protected guest runs in all
 * @param kill what is broken
 * @param netns two network namespaces
 * @param json where to write the report, null for nowhere
 * @param seed decides the moment and the client's data
 * @param memoryMib size of the guest
 * @param guestDir kernel and initrd
 * @param disk with a disk, whose local path is broken first
 * @param verbose also shows what the hosts log
 */
record DemoOptions(
        double epochMs,
        int seconds,
        KillKind kill,
        boolean netns,
        Path json,
        long seed,
        int memoryMib,
        Path guestDir,
        boolean disk,
        boolean verbose) {
    private static final Pattern DURATION = Pattern.compile("(\\d+(?:\\.\\d+)?)(us|ms|s)?");
    private static final Pattern SIZE = Pattern.compile("(\\d+)([mMgG])?");

    /** The options as typed; null where nothing was. */
    record Typed(
            String epoch,
            String seconds,
            String kill,
            boolean netns,
            String json,
            String seed,
            String memory,
            String guestDir,
            boolean disk,
            boolean verbose,
            List<String> unknown) {}

    static DemoOptions check(Typed typed, Path home) throws OptionChecks.BadOptions {
        List<String> errors = new ArrayList<>();
        typed.unknown.forEach(word -> errors.add("'" + word + "' is no option of demo; see ./mirror demo --help"));
        double epochMs = epoch(typed.epoch, errors);
        int seconds = (int) OptionChecks.number("--seconds", typed.seconds, 20, 4, 86_400, errors);
        KillKind kill = KillKind.of(typed.kill == null ? "a" : typed.kill);
        if (kill == null) {
            errors.add("--kill is '" + typed.kill + "': must be one of " + String.join(", ", KillKind.options()));
        }
        long anySeed = new SplittableRandom().nextLong(1, 1_000_000_000);
        long seed = OptionChecks.number("--seed", typed.seed, anySeed, Long.MIN_VALUE, Long.MAX_VALUE, errors);
        int memoryMib = memory(typed.memory, errors);
        Path guestDir = OptionChecks.guestDir(typed.guestDir, home, errors);
        Path json = OptionChecks.outputFile("--json", typed.json, errors);
        OptionChecks.throwIfAny(errors);
        return new DemoOptions(
                epochMs, seconds, kill, typed.netns, json, seed, memoryMib, guestDir, typed.disk, typed.verbose);
    }

    private static double epoch(String typed, List<String> errors) {
        if (typed == null) {
            return 25;
        }
        Matcher matcher = DURATION.matcher(typed);
        if (matcher.matches()) {
            String unit = matcher.group(2) == null ? "ms" : matcher.group(2);
            double factor =
                    switch (unit) {
                        case "us" -> 0.001;
                        case "s" -> 1000;
                        default -> 1;
                    };
            double value = Double.parseDouble(matcher.group(1)) * factor;
            if (value >= 1 && value <= 500) {
                return value;
            }
        }
        errors.add("--epoch is '" + typed + "': must be a time from 1ms to 500ms, such as 25ms");
        return 25;
    }

    private static int memory(String typed, List<String> errors) {
        if (typed == null) {
            return 256;
        }
        Matcher matcher = SIZE.matcher(typed);
        if (matcher.matches() && matcher.group(1).length() < 7) {
            boolean gib = matcher.group(2) != null && matcher.group(2).equalsIgnoreCase("g");
            int value = Integer.parseInt(matcher.group(1)) * (gib ? 1024 : 1);
            if (value >= 96 && value <= 2048) {
                return value;
            }
        }
        errors.add("--memory is '" + typed + "': must be a size from 96m to 2g, such as 256m");
        return 256;
    }

    ObjectNode toJson() {
        return new ObjectMapper()
                .createObjectNode()
                .put("epochMs", epochMs)
                .put("seconds", seconds)
                .put("kill", kill.option())
                .put("netns", netns)
                .put("seed", seed)
                .put("memoryMib", memoryMib)
                .put("disk", disk);
    }
}
