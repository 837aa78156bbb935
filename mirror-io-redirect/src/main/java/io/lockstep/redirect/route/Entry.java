package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;

/** A request of a client, from its submission to its completion. Reused. */
final class Entry {
    BlockRequest client;
    Entry previous;
    Entry next;
    /** What is below for it; null while it waits. */
    Child child;
    /** Tells its uses apart. */
    long serial;
    /** Watch time since which it waits. */
    long sinceNs;
    /** It was below before, or a path was left while it waited. */
    boolean moved;
    /** It may have taken effect. */
    boolean inDoubt;
    /** Older calls for it that have not returned. */
    int stuck;
    /** Answers with an error, and which paths gave them. */
    int errors;

    long answeredBy;

    void begin(BlockRequest request, long watchNs) {
        client = request;
        child = null;
        serial++;
        sinceNs = watchNs;
        moved = false;
        inDoubt = false;
        stuck = 0;
        errors = 0;
        answeredBy = 0;
    }

    boolean changesContent() {
        return client.verb().changesContent();
    }

    boolean isFlush() {
        return client.verb() == BlockVerb.FLUSH;
    }

    boolean overlaps(Entry other) {
        BlockRequest a = client;
        BlockRequest b = other.client;
        return a.offset() < b.offset() + b.length() && b.offset() < a.offset() + a.length();
    }
}
