package io.lockstep.redirect.nbd;

/**
 * Where the highest generation that ever opened an export is kept, so that a restart of the server lets no older owner in again.
 *
 * <p>Threading: the stack's thread; no call blocks.
 */
public interface GenerationStore {
    /** Is told how a {@link #persist} went. */
    @FunctionalInterface
    interface Outcome {
        /** {@code problem} is empty if the generation survives a power cut. Called once, on the stack's thread. */
        void onPersisted(String problem);
    }

    /** The highest generation that was persisted, 0 if none. Read once, when the server starts. */
    long highest();

    /** Makes a generation durable, within this call or later. */
    void persist(long generation, Outcome outcome);
}
