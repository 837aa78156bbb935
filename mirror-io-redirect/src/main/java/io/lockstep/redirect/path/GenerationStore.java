package io.lockstep.redirect.path;

/**
 * Where the highest generation that ever used a disk is kept, so that a restart lets no older owner in again and never uses a number twice.
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

    /** The highest generation that was persisted, 0 if none. Read once, at the start. */
    long highest();

    /** Makes a generation durable, within this call or later. */
    void persist(long generation, Outcome outcome);
}
