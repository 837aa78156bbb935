package io.lockstep.redirect.block;

/** Is told, once, that a request ended. Runs on the stack's thread; may submit other requests. */
@FunctionalInterface
public interface BlockCompletion {
    /** {@link BlockRequest#fault()} says how. The request belongs to whoever submitted it again. */
    void onDone(BlockRequest request);
}
