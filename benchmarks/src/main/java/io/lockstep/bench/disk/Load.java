package io.lockstep.bench.disk;

import java.util.List;

/**
 * What fio asks for.
 *
 * @param name for people and {@code --only}
 * @param pattern fio's {@code rw}
 * @param blockKib size of an operation
 * @param depth operations under way
 */
record Load(String name, String pattern, int blockKib, int depth) {
    static final List<Load> ALL = List.of(
            new Load("write-4k-1", "randwrite", 4, 1),
            new Load("write-4k-32", "randwrite", 4, 32),
            new Load("read-4k-1", "randread", 4, 1),
            new Load("read-4k-32", "randread", 4, 32),
            new Load("write-128k", "write", 128, 16),
            new Load("read-128k", "read", 128, 16));

    boolean reads() {
        return pattern.endsWith("read");
    }
}
