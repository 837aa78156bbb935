package io.lockstep.redirect.epoch;

/** Shutting the old owner out by the term this host has won. */
final class Claim implements Fence.Outcome {
    private final Fence fence;
    private long term;
    private boolean asked;
    private boolean started;
    private boolean fenced;
    private String problem = "";

    Claim(Fence fence) {
        this.fence = fence;
    }

    void ask(long wonTerm) {
        term = wonTerm;
        asked = true;
        started = false;
        fenced = false;
    }

    boolean isAsked() {
        return asked;
    }

    /** True if it is proven; asks the fence when called first. */
    boolean isFenced() {
        if (asked && !started) {
            started = true;
            fence.fence(term, this);
        }
        return fenced;
    }

    /** Why it cannot be proven; empty otherwise. */
    String problem() {
        return problem;
    }

    void done() {
        asked = false;
    }

    @Override
    public void onFenced(String why) {
        fenced = why.isEmpty();
        problem = why.isEmpty() ? "" : "the old owner could not be shut out: " + why;
    }
}
