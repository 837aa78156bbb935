package io.lockstep.host.load;

import java.util.ArrayList;
import java.util.List;

/**
 * What a {@link LoadClient} does.
 *
 * @param name prefix of its keys; two clients of one guest need two names
 * @param seed decides keys, values and the order of operations
 * @param keys number of keys that are written again and again
 * @param valueBytes length of a value
 * @param depth operations under way at any time
 */
public record LoadConfig(String name, long seed, int keys, int valueBytes, int depth) {
    /** Checks every value and reports every error at once. */
    public LoadConfig {
        List<String> errors = new ArrayList<>();
        check(errors, !name.isBlank(), "name", 0, "not empty");
        check(errors, keys >= 1 && keys <= 1_000_000, "keys", keys, "from 1 to 1000000");
        check(errors, valueBytes >= 48 && valueBytes <= 60_000, "valueBytes", valueBytes, "from 48 to 60000");
        check(errors, depth >= 1 && depth <= 1024, "depth", depth, "from 1 to 1024");
        if (!errors.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", errors));
        }
    }

    /** 2000 keys of 200 bytes, 16 operations under way. */
    public static LoadConfig standard(String name, long seed) {
        return new LoadConfig(name, seed, 2000, 200, 16);
    }

    /** The same with values of another length. */
    public LoadConfig withValueBytes(int bytes) {
        return new LoadConfig(name, seed, keys, bytes, depth);
    }

    private static void check(List<String> errors, boolean legal, String key, long value, String allowed) {
        if (!legal) {
            errors.add(key + " is " + value + ": must be " + allowed);
        }
    }
}
