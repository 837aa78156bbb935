package io.lockstep.redirect.route;

import io.lockstep.redirect.block.BlockFault;
import io.lockstep.redirect.block.BlockRequest;
import io.lockstep.redirect.block.BlockVerb;
import io.lockstep.redirect.block.BufferPool;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.block.RequestPool;
import io.lockstep.redirect.path.BlockPath;

/**
 * The clients' requests in the order of their submission, and what was issued for each. Two requests that overlap are never below at the
 * same time if one of them changes content, so whatever is in doubt when a path is left was overtaken by nothing (invariant I3).
 */
class Ledger {
    /** What the ledger cannot decide itself. */
    interface Owner {
        /** A request failed in a way that blames the active path. Nothing is issued until {@link Ledger#serve}. */
        void onPathFault(Child child);

        /** True if a good path is left that has not answered this request. */
        boolean hasUntried(long answeredBy);

        /** A request was completed to its client. */
        void onAnswered(BlockFault fault);
    }

    final Tally tally = new Tally();
    private final Owner owner;
    private final Time time;
    private final Deadline deadline;
    private final BufferPool buffers;
    private final int errorAttempts;
    private final Entry[] freeEntries;
    private final Child[] freeChildren;
    private final Child[] fresh;
    private int entryCount;
    private int childCount;
    private int freshCount;
    private Entry head;
    private Entry tail;
    private Entry cursor;
    private int live;
    private int waiting;
    private Route active;
    private boolean pumping;
    private boolean pumpAgain;

    Ledger(RedirectConfig config, BufferPool buffers, Deadline deadline, Time time, Owner owner) {
        this.owner = owner;
        this.time = time;
        this.deadline = deadline;
        this.buffers = buffers;
        this.errorAttempts = config.switching().errorAttempts();
        freeEntries = new Entry[config.bounds().maxRequests()];
        freeChildren = new Child[config.bounds().maxIssued()];
        fresh = new Child[freeChildren.length];
        RequestPool requests = new RequestPool(freeChildren.length);
        while (entryCount < freeEntries.length) {
            freeEntries[entryCount++] = new Entry();
        }
        while (childCount < freeChildren.length) {
            freeChildren[childCount++] = new Child(requests.acquire(), this);
        }
    }

    /** Takes a request, and issues it if that is possible now. False if there is no room. */
    boolean submit(BlockRequest request) {
        if (entryCount == 0) {
            return false;
        }
        Entry entry = freeEntries[--entryCount];
        entry.begin(request, time.watchNs());
        entry.previous = tail;
        entry.next = null;
        if (tail == null) {
            head = entry;
            tally.busy();
        } else {
            tail.next = entry;
        }
        tail = entry;
        live++;
        waiting++;
        pump();
        return true;
    }

    /** Issues through {@code route} from now on; null: nothing is issued. */
    void serve(Route route) {
        active = route;
    }

    /** Issues what can be issued, oldest first. */
    void pump() {
        if (pumping) {
            pumpAgain = true;
            return;
        }
        pumping = true;
        do {
            pumpAgain = false;
            // Usually only the newest one waits: then there is nothing to look through.
            cursor = waiting == 1 && tail.child == null ? tail : head;
            while (cursor != null && active != null && waiting > 0 && childCount > 0) {
                Entry entry = cursor;
                cursor = entry.next;
                if (entry.child == null && !mustWait(entry)) {
                    issue(entry);
                }
            }
        } while (pumpAgain);
        cursor = null;
        pumping = false;
    }

    /** True if an older request must end first. */
    boolean mustWait(Entry entry) {
        boolean flushAgain = entry.isFlush() && entry.moved;
        boolean changes = entry.changesContent();
        for (Entry older = entry.previous; older != null; older = older.previous) {
            boolean olderChanges = older.changesContent();
            boolean isBarrier = flushAgain && older.moved && olderChanges;
            if (isBarrier || ((changes || olderChanges) && older.overlaps(entry))) {
                return true;
            }
        }
        return false;
    }

    private void issue(Entry entry) {
        BlockRequest client = entry.client;
        IoBuffer bytes = client.data();
        boolean bounce = client.verb() == BlockVerb.READ && active.path.keepsBuffers();
        if (bounce) {
            bytes = buffers.acquire((int) client.length());
            if (bytes == null) {
                return;
            }
        } else if (bytes != null) {
            bytes.retain();
        }
        Child child = freeChildren[--childCount];
        child.entry = entry;
        child.serial = entry.serial;
        child.route = active;
        child.held = bytes;
        child.bounced = bounce;
        child.detached = false;
        child.issuedNs = freshCount < fresh.length ? Child.NOT_STAMPED : time.watchNs();
        if (freshCount < fresh.length) {
            fresh[freshCount++] = child;
        }
        entry.child = child;
        waiting--;
        active.issued++;
        if (bounce) {
            child.request.read(client.offset(), (int) client.length(), bytes, 0);
        } else {
            child.request.copyOf(client);
        }
        child.request.submitTo(active.path, child);
    }

    /** Called by a child that came back. */
    void ended(Child child) {
        Route route = child.route;
        BlockFault fault = child.request.fault();
        route.issued--;
        if (child.detached) {
            endedLate(child, fault);
            return;
        }
        Entry entry = child.entry;
        if (fault.isPathFault() && !isLastWord(entry, route, fault)) {
            goBack(entry, route, fault);
            if (route == active) {
                active = null;
                owner.onPathFault(child);
            }
            recycle(child);
            return;
        }
        if (child.issuedNs != Child.NOT_STAMPED) {
            deadline.ended(child.request, time.watchNs() - child.issuedNs);
        } else {
            deadline.ended(child.request, 0);
        }
        if (child.bounced && fault == BlockFault.NONE) {
            BlockRequest client = entry.client;
            client.data().view().putBytes(client.dataOffset(), child.held.view(), 0, (int) client.length());
        }
        finish(entry, child, fault);
    }

    /** An error that comes from every path there is, or again and again, is the medium's. */
    private boolean isLastWord(Entry entry, Route route, BlockFault fault) {
        if (fault != BlockFault.IO || route != active || route.path.link() != BlockPath.Link.OPEN) {
            return false;
        }
        entry.errors++;
        entry.answeredBy |= 1L << route.rank;
        return entry.errors >= errorAttempts && !owner.hasUntried(entry.answeredBy);
    }

    private void goBack(Entry entry, Route route, BlockFault fault) {
        if (fault == BlockFault.IO && entry.changesContent()) {
            if (!route.is(PathState.LEFT)) {
                route.answeredWithError++;
            } else if (!route.path.completionIsFinal()) {
                route.lostWrites++;
            }
        }
        entry.child = null;
        entry.moved = true;
        entry.inDoubt |= fault == BlockFault.IO;
        entry.sinceNs = time.watchNs();
        waiting++;
    }

    private void endedLate(Child child, BlockFault fault) {
        Route route = child.route;
        tally.quarantined--;
        if (child.request.verb().changesContent() && child.epoch == route.epoch) {
            route.stuckWrites--;
            if (fault == BlockFault.IO && !route.path.completionIsFinal()) {
                route.lostWrites++;
            }
        }
        if (child.entry.serial == child.serial && child.entry.client != null) {
            child.entry.stuck--;
        }
        recycle(child);
    }

    void recycle(Child child) {
        if (child.held != null) {
            child.held.release();
            child.held = null;
        }
        child.entry = null;
        child.issuedNs = 0;
        freeChildren[childCount++] = child;
    }

    private void finish(Entry entry, Child child, BlockFault fault) {
        BlockRequest client = entry.client;
        long run = 0;
        boolean hole = false;
        boolean zero = false;
        if (child == null) {
            waiting--;
        } else {
            run = child.request.extentLength();
            hole = child.request.extentHole();
            zero = child.request.extentZero();
            recycle(child);
        }
        unlink(entry);
        tally.ended(fault, time.nowNs(), live);
        owner.onAnswered(fault);
        if (fault == BlockFault.NONE && client.verb() == BlockVerb.STATUS) {
            client.completeStatus(run, hole, zero);
        } else {
            client.complete(fault);
        }
        if (waiting > 0) {
            pump();
        }
    }

    private void unlink(Entry entry) {
        if (cursor == entry) {
            cursor = entry.next;
        }
        if (entry.previous == null) {
            head = entry.next;
        } else {
            entry.previous.next = entry.next;
        }
        if (entry.next == null) {
            tail = entry.previous;
        } else {
            entry.next.previous = entry.previous;
        }
        entry.client = null;
        live--;
        freeEntries[entryCount++] = entry;
    }

    /** Leaves a path: what it does not give back now is in quarantine until it does; everything it had waits to be issued again. */
    void leave(Route route, String why) {
        active = null;
        boolean answered = route.path.link() == BlockPath.Link.OPEN;
        if (!answered && !route.path.completionIsFinal()) {
            route.lostWrites += route.answeredWithError;
        }
        route.answeredWithError = 0;
        route.leave(why, time.watchNs());
        for (Entry entry = head; entry != null; entry = entry.next) {
            Child child = entry.child;
            if (child != null && child.route == route) {
                quarantine(child);
                entry.child = null;
                entry.moved = true;
                entry.inDoubt = true;
                entry.sinceNs = time.watchNs();
                waiting++;
            }
        }
    }

    /** The child stays below, with its buffer, until the old call returns. */
    void quarantine(Child child) {
        child.detached = true;
        child.epoch = child.route.epoch;
        child.entry.stuck++;
        tally.quarantine();
        if (child.entry.changesContent()) {
            child.route.stuckWrites++;
        }
    }

    /** Fails what waits for longer than {@code longestNs}, except writes of which an old call has not returned: their fate is open. */
    int expire(long longestNs) {
        int failed = 0;
        Entry next;
        for (Entry entry = head; entry != null; entry = next) {
            next = entry.next;
            boolean open = entry.stuck > 0 && entry.changesContent();
            if (entry.child == null && !open && time.watchNs() - entry.sinceNs >= longestNs) {
                // The completion may change the list in any way, so start over.
                finish(entry, null, entry.inDoubt ? BlockFault.IO : BlockFault.NOT_ISSUED);
                next = head;
                failed++;
            }
        }
        return failed;
    }

    /** Gives what was issued since the last call its time, so that a thread that slept before does not count. */
    void stamp() {
        for (int i = 0; i < freshCount; i++) {
            if (fresh[i].issuedNs == Child.NOT_STAMPED) {
                fresh[i].issuedNs = time.watchNs();
            }
        }
        freshCount = 0;
        tally.stamp(time.nowNs());
    }

    /** A request whose deadline has passed, or null. */
    Child overdue() {
        for (Entry entry = head; entry != null; entry = entry.next) {
            Child child = entry.child;
            if (child != null
                    && child.issuedNs != Child.NOT_STAMPED
                    && time.watchNs() - child.issuedNs > deadline.limitNs(child.request)) {
                return child;
            }
        }
        return null;
    }

    /** Counts what a new path has to take over. */
    void countMoved() {
        tally.againNow = 0;
        tally.otherNow = 0;
        for (Entry entry = head; entry != null; entry = entry.next) {
            if (entry.inDoubt) {
                tally.againNow++;
            } else {
                tally.otherNow++;
            }
        }
        tally.reissued += tally.againNow;
        tally.rerouted += tally.otherNow;
    }

    int live() {
        return live;
    }

    int waiting() {
        return waiting;
    }
}
