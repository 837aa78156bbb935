package io.lockstep.redirect.epoch;

import io.lockstep.mirror.memory.PageSet;
import io.lockstep.redirect.block.BlockDevice;
import io.lockstep.redirect.epoch.EpochDiskConfig.Topology;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/** The state of an {@link EpochDisk}, and who does what in it. */
final class DiskCore implements IoGate, HomeWriter.Listener, Changes.Listener {
    /** Below every epoch: parts of a synchronisation are committed as they come. */
    private static final long PART = Long.MIN_VALUE;

    final Overlay overlay;
    final Home home;
    final Reads reads;
    final Changes changes;
    final long blocks;
    private final EpochDiskConfig config;
    final DiskDevices devices;
    private final boolean shared;
    private final CopyMarks marks;
    private final HomeWriter writer;
    private final EpochJournal journal;
    private final JournalReplay replay;
    final Checkpoint checkpoint;
    private final EpochNumbers numbers = new EpochNumbers();
    private final Synchronisation sync;
    private final Claim claim;
    private final Leaving leaving;
    private DiskState state = DiskState.OPENING;
    private String problem = "";
    private boolean aloneDue;
    private boolean pausing;
    private boolean closed;
    private long durableEpoch;

    DiskCore(EpochDiskConfig config, EpochDiskParts parts, CopyLog log) {
        this.config = config;
        this.devices = new DiskDevices(parts);
        BlockDevice local = parts.home();
        BlockDevice journalDevice = parts.journal().orElse(null);
        this.shared = config.topology() == Topology.SHARED;
        this.claim = new Claim(parts.fence());
        this.blocks = local.geometry().sizeBytes() / Overlay.BLOCK;
        this.overlay = new Overlay(config.overlayBlocks());
        this.home = new Home(local, parts.away().orElse(null));
        this.marks = new CopyMarks(log, blocks, parts.tokens());
        this.sync = new Synchronisation(marks);
        this.journal = journalDevice == null ? null : new EpochJournal(journalDevice, overlay, blocks);
        this.writer = new HomeWriter(overlay, local, marks, journal, this);
        this.leaving = new Leaving(home, writer, marks);
        this.reads = new Reads(overlay, home, this);
        this.changes = new Changes(overlay, home, marks, this, this);
        ReadAhead readAhead = new ReadAhead(home, blocks, this);
        this.checkpoint = new Checkpoint(overlay, marks, sync, readAhead, blocks, shared);
        if (journalDevice == null) {
            this.replay = null;
            become(DiskState.FOLLOWING);
        } else {
            this.replay = new JournalReplay(journalDevice, local, blocks, overlay.capacity());
            replay.start();
        }
    }

    @Override
    public DiskState state() {
        return state;
    }

    String problem() {
        return problem;
    }

    int replayedBlocks() {
        return replay == null ? 0 : replay.applied();
    }

    private void become(DiskState next) {
        if (!next.predecessors().contains(state)) {
            throw new IllegalStateException("a disk that is " + state + " cannot become " + next);
        }
        state = next;
    }

    private void fail(String reason) {
        if (state != DiskState.FAILED) {
            problem = reason;
            become(DiskState.FAILED);
            writer.stop();
        }
    }

    int doWork(long nowNs) {
        int work = marks.doWork(nowNs) + devices.doWork(nowNs);
        if (state == DiskState.OPENING) {
            work += replay.doWork();
            finishOpening();
        }
        work += goOnClaiming();
        work += commitParts();
        if (state.mayWriteHome(shared, claim.isFenced())) {
            work += writer.doWork(!sync.isFilling());
        }
        sync.adopt(writer.durableSet());
        takeToken();
        if (state == DiskState.THROUGH && !aloneDue && marks.isBaseDue() && isWritten()) {
            marks.drained();
        }
        leaving.doWork();
        durableEpoch = Math.max(durableEpoch, numbers.epochUpTo(writer.durableSet()));
        return work + reads.doWork() + changes.doWork();
    }

    private void finishOpening() {
        if (replay.isDone() && replay.problem().isEmpty()) {
            become(DiskState.FOLLOWING);
        } else if (replay.isDone()) {
            fail(replay.problem());
        }
    }

    void close() {
        if (!closed) {
            closed = true;
            writer.stop();
            reads.cancelWaiting();
            changes.cancelWaiting();
            devices.close();
            marks.close();
        }
    }

    long maxIdleNs() {
        return Math.min(devices.maxIdleNs(), marks.maxIdleNs());
    }

    private boolean isWritten() {
        return writer.isIdle() && !overlay.hasReady() && writer.durableSet() == overlay.committedSet();
    }

    boolean isSettled() {
        return isWritten()
                && changes.isIdle()
                && !sync.isPending()
                && !aloneDue
                && !marks.isBaseDue()
                && marks.isStateDurable();
    }

    @Override
    public boolean isOpen() {
        return state != DiskState.OPENING && state != DiskState.FAILED && !leaving.isUnderWay() && !closed;
    }

    @Override
    public long visibleSet() {
        return state.isOwned() ? Long.MAX_VALUE : overlay.committedSet();
    }

    @Override
    public int room(boolean mayUseReserve) {
        int kept = pausing && mayUseReserve ? 0 : config.reserveBlocks();
        return config.heldLimit() - kept - overlay.used();
    }

    /** True if a change would have to wait for a checkpoint. */
    boolean isStarved() {
        return overlay.openCount() > 0 && room(false) <= 0;
    }

    @Override
    public boolean mayPassThrough() {
        if (aloneDue || !marks.isStateDurable() || leaving.isUnderWay() || home.isLeft()) {
            return false;
        }
        if (journal == null) {
            return true;
        }
        boolean settled = writer.isIdle() && journal.settle();
        if (!journal.problem().isEmpty()) {
            fail(journal.problem());
        }
        return settled && state != DiskState.FAILED;
    }

    @Override
    public void failed(String reason) {
        if (leaving.isLegal(state)) {
            leaving.begin();
        } else if (!home.isLeft()) {
            fail(reason);
        }
    }

    @Override
    public void awayFailed(String reason) {
        fail("both copies failed; the partner's: " + reason);
    }

    @Override
    public void homeFailed(String reason) {
        failed(reason);
    }

    @Override
    public void left(long block) {
        checkpoint.forget(block);
    }

    @Override
    public void changed(long from, long end, boolean throughToHome) {
        if (throughToHome) {
            checkpoint.wentThrough(from, end);
        } else {
            checkpoint.held(from, end);
        }
    }

    void harvest(PageSet into, long firstPage) {
        pausing = false;
        checkpoint.harvest(into, firstPage);
    }

    long token() {
        return sync.tokenOr(marks.state().token());
    }

    boolean read(long block, MutableDirectBuffer target, int offset) {
        if (aloneDue || !marks.isStateDurable()) {
            return false; // a partner must not carry the token before the log says that it may
        }
        return checkpoint.read(block, target, offset);
    }

    void pauseRequested() {
        pausing = true;
    }

    void sealed(long epoch) {
        pausing = false;
        numbers.add(overlay.openSet(), epoch);
        overlay.seal(epoch);
        marks.handedOut();
    }

    void committed(long epoch) {
        if (state.isOwned()) {
            overlay.commit(epoch);
        }
    }

    void hold() {
        if (state == DiskState.THROUGH) {
            become(DiskState.HELD);
            writer.oweFlush();
            numbers.clear();
            marks.holding();
        }
    }

    void through() {
        if (state != DiskState.HELD) {
            return;
        }
        pausing = false;
        if (leaving.isUnderWay() || home.isLeft()) {
            fail("the local copy failed, and the partner with the other one is gone");
            return;
        }
        become(DiskState.THROUGH);
        numbers.clear();
        aloneDue = !shared;
        takeToken();
        overlay.seal(Long.MAX_VALUE);
        overlay.commit(Long.MAX_VALUE);
    }

    /** Names what this host writes alone, as soon as the name that it builds on is written down. */
    private void takeToken() {
        if (aloneDue && !sync.isPending()) {
            aloneDue = false;
            marks.writeAlone();
            if (state == DiskState.HELD) {
                marks.holding();
            }
        }
    }

    long durableEpoch() {
        return sync.isPending() ? 0 : durableEpoch;
    }

    void partnerDurable(long epoch) {
        long set = numbers.setUpTo(epoch);
        if (!shared) {
            marks.partnerHas(set);
        } else if (state == DiskState.FOLLOWING) {
            checkpoint.forgetRetained(set);
        }
    }

    void stage(long block, DirectBuffer source, int offset) {
        if (block < 0 || block >= blocks) {
            throw new IllegalStateException("block " + block + " of a disk of " + blocks);
        }
        overlay.put(block, source, offset);
    }

    void commit(long epoch) {
        numbers.add(overlay.openSet(), epoch);
        sync.committed(overlay.openSet());
        overlay.seal(epoch);
        overlay.commit(epoch);
    }

    void dropUnfinished() {
        if (!state.isOwned()) {
            overlay.dropOpen();
        }
    }

    void synchronising(long primaryToken) {
        dropUnfinished();
        numbers.clear();
        durableEpoch = 0;
        if (shared) {
            // The owner went on without this host: what was retained may be older than what it wrote.
            checkpoint.forgetRetained(Long.MAX_VALUE);
        }
        sync.begin(primaryToken);
        writer.oweFlush();
    }

    /** What arrives during a synchronisation goes to the copy at once: there is more of it than memory. */
    private int commitParts() {
        boolean filling = !shared && sync.isFilling() && state == DiskState.FOLLOWING;
        if (!filling || overlay.openCount() == 0 || !writer.isIdle()) {
            return 0;
        }
        overlay.seal(PART);
        overlay.commit(PART);
        return 1;
    }

    void own(long term) {
        claim.ask(term);
        if (state == DiskState.FOLLOWING) {
            startClaim();
        }
    }

    private void startClaim() {
        dropUnfinished();
        become(DiskState.CLAIMING);
        if (sync.isFilling() || !(marks.isRunnable() || sync.isPending())) {
            fail(
                    "the copy on this host is incomplete: a synchronisation broke off, or it was left behind after an error");
        }
    }

    private int goOnClaiming() {
        if (state == DiskState.FOLLOWING && claim.isAsked()) {
            startClaim(); // asked for while a journal was being applied
        }
        if (state != DiskState.CLAIMING) {
            return 0;
        }
        boolean shutOut = claim.isFenced();
        if (!claim.problem().isEmpty()) {
            fail(claim.problem());
            return 1;
        }
        if (!shutOut || (shared && !(overlay.used() == 0 && isWritten()))) {
            return 0;
        }
        claim.done();
        numbers.clear();
        durableEpoch = 0;
        checkpoint.clear();
        if (!shared && !sync.isPending()) {
            marks.nameIfNew();
        }
        become(DiskState.HELD);
        return 1;
    }

    void follow() {
        if (!state.isOwned()) {
            return;
        }
        overlay.dropUncommitted();
        become(DiskState.FOLLOWING);
        changes.cancelWaiting();
        numbers.clear();
        durableEpoch = 0;
        aloneDue = false;
    }
}
