package io.lockstep.bench.rig;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What to measure.
 *
 * @param directory private memory file system for the hosts
 * @param guestDir kernel and initrd
 * @param json where the result goes
 * @param parts names of the parts to run
 * @param repeat protected phases of each load
 * @param phase length of a phase
 * @param failovers how many
 */
record RigOptions(
        Path directory, Path guestDir, Path json, List<String> parts, int repeat, Duration phase, int failovers) {}
