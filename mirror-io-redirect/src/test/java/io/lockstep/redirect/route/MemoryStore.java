package io.lockstep.redirect.route;

import io.lockstep.redirect.path.GenerationStore;

/** Keeps a generation in memory; can be told to fail or to be slow. */
final class MemoryStore implements GenerationStore {
    long highest;
    String problem = "";
    boolean holds;
    private long wanted;
    private Outcome waiting;

    @Override
    public long highest() {
        return highest;
    }

    @Override
    public void persist(long generation, Outcome outcome) {
        wanted = generation;
        waiting = outcome;
        if (!holds) {
            answer();
        }
    }

    void answer() {
        Outcome outcome = waiting;
        waiting = null;
        if (problem.isEmpty()) {
            highest = wanted;
        }
        outcome.onPersisted(problem);
    }
}
