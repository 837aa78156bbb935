package io.lockstep.redirect.nbd;

import io.lockstep.redirect.path.GenerationStore;
import java.util.ArrayList;
import java.util.List;

/**
 * Lets one generation use an export, and replaces it by a higher one without overlap.
 *
 * <pre>
 *   IDLE --open with a higher G--> DRAINING --nothing outstanding--> PERSISTING --durable--> IDLE, G is current
 *                 lower clients issue nothing any more                    |
 *                                                                         +--failed--> IDLE, the old one goes on
 * </pre>
 *
 * <p>Threading: the stack's thread.
 */
final class GenerationGate {
    private enum State {
        IDLE,
        DRAINING,
        PERSISTING;

        boolean mayFollow(State before) {
            return switch (this) {
                case IDLE -> before != IDLE;
                case DRAINING -> true;
                case PERSISTING -> before == DRAINING;
            };
        }
    }

    /** What an open gets. */
    enum Verdict {
        ADMITTED,
        WAITS,
        REFUSED
    }

    private final Export export;
    private final GenerationStore store;
    private final List<Connection> waiting = new ArrayList<>();
    private State state = State.IDLE;
    private long current;
    private long candidate;
    private boolean settled;

    GenerationGate(Export export, GenerationStore store) {
        this.export = export;
        this.store = store;
        current = store.highest();
        if (current < 0) {
            throw new IllegalArgumentException(
                    "export '" + export.name() + "': the highest generation is " + current + ": must be 0 or more");
        }
    }

    /** The generation that may use the export, or is about to. */
    long bar() {
        return Math.max(current, candidate);
    }

    boolean mayIssue(long generation) {
        return generation >= bar();
    }

    /** True if a client of this generation has lost the export for good. */
    boolean superseded(long generation) {
        return generation < current;
    }

    Verdict open(Connection connection, long generation) {
        if (generation < bar()) {
            return Verdict.REFUSED;
        }
        if (generation == current && candidate == 0) {
            return Verdict.ADMITTED;
        }
        if (generation > candidate) {
            refuseWaiting("generation " + candidate + " was overtaken by " + generation);
            candidate = generation;
            if (state == State.IDLE) {
                state(State.DRAINING);
            }
        }
        waiting.add(connection);
        return Verdict.WAITS;
    }

    /** A client that waited has gone. If nobody wants the new generation any more, the old one goes on. */
    void leave(Connection connection) {
        if (waiting.remove(connection) && waiting.isEmpty() && state == State.DRAINING) {
            candidate = 0;
            settled = true;
            state(State.IDLE);
        }
    }

    /** True once after each change of who may use the export. */
    boolean takeSettled() {
        boolean was = settled;
        settled = false;
        return was;
    }

    /** Goes on if the old generation has nothing below any more. */
    int doWork() {
        if (state != State.DRAINING || export.outstanding() > 0) {
            return 0;
        }
        state(State.PERSISTING);
        long generation = candidate;
        store.persist(generation, problem -> persisted(generation, problem));
        return 1;
    }

    private void persisted(long generation, String problem) {
        if (problem.isEmpty()) {
            current = generation;
        }
        if (candidate != generation) {
            state(State.DRAINING);
            return;
        }
        candidate = 0;
        settled = true;
        state(State.IDLE);
        if (problem.isEmpty()) {
            List<Connection> admitted = List.copyOf(waiting);
            waiting.clear();
            admitted.forEach(Connection::admit);
        } else {
            refuseWaiting("generation " + generation + " cannot be persisted: " + problem);
        }
    }

    private void refuseWaiting(String reason) {
        List<Connection> refused = List.copyOf(waiting);
        waiting.clear();
        refused.forEach(connection -> connection.refuse(reason));
    }

    private void state(State next) {
        if (!next.mayFollow(state)) {
            throw new IllegalStateException("generations of export '" + export.name() + "': " + state + " -> " + next);
        }
        state = next;
    }
}
