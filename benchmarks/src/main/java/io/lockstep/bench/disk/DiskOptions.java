package io.lockstep.bench.disk;

import java.nio.file.Path;
import java.util.List;

/**
 * What to measure.
 *
 * @param directory where the served file is made; its file system is what the servers work on
 * @param direct around the page cache (O_DIRECT)
 * @param sizeMib size of the file
 * @param loads which
 * @param rounds how often each load is put on each server
 * @param seconds for how long each time
 * @param warmSeconds for how long before the first round
 * @param json where the result goes
 */
record DiskOptions(
        Path directory,
        boolean direct,
        int sizeMib,
        List<Load> loads,
        int rounds,
        int seconds,
        int warmSeconds,
        Path json) {}
