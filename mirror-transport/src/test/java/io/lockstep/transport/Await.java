package io.lockstep.transport;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition with a deadline that only a broken test reaches. */
public final class Await {
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(20);

    private Await() {}

    /** Evaluates the condition, which may do work, until it holds. */
    public static void until(BooleanSupplier condition, Supplier<String> description) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > DEADLINE_NS) {
                throw new AssertionError("not reached: " + description.get());
            }
            Thread.onSpinWait();
        }
    }
}
