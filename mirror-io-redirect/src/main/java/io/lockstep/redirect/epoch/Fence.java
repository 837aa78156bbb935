package io.lockstep.redirect.epoch;

/** Shuts the old owner out of a disk that both hosts reach. */
@FunctionalInterface
public interface Fence {
    /** Is told how it went, on the stack's thread, once. */
    @FunctionalInterface
    interface Outcome {
        /** {@code problem} is empty if it is proven that nothing issued below the generation can take effect any more. */
        void onFenced(String problem);
    }

    /** For copies: nobody else writes to this host's. */
    Fence NONE = (generation, outcome) -> outcome.onFenced("");

    /** Makes sure that nothing issued with a generation below {@code generation} (the term) can take effect. Does not block. */
    void fence(long generation, Outcome outcome);
}
