package io.lockstep.redirect.nbd;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/**
 * One client: its socket, and where it is in its life.
 *
 * <pre>
 *   HANDSHAKE -> ADMISSION -> TRANSMISSION -> LEAVING -> CLOSED
 *        \___________________^      (each may also go to CLOSED at once)
 * </pre>
 *
 * Nobody reads from a client whose next request finds no memory, and nobody writes to one whose socket is full: it waits, others go on.
 *
 * <p>Threading: the stack's thread.
 */
final class Connection {
    /** Where a client is. */
    enum Phase {
        /** Options. */
        HANDSHAKE,
        /** Chose an export whose older generation still works. */
        ADMISSION,
        /** Requests. */
        TRANSMISSION,
        /** Said that it leaves; what it asked before is still done. */
        LEAVING,
        /** Gone. */
        CLOSED;

        boolean mayFollow(Phase before) {
            return switch (this) {
                case HANDSHAKE -> before == ADMISSION;
                case ADMISSION -> before == HANDSHAKE;
                case TRANSMISSION -> before == HANDSHAKE || before == ADMISSION;
                case LEAVING -> before == TRANSMISSION;
                case CLOSED -> before != CLOSED;
            };
        }
    }

    /** The server, as its clients see it. */
    interface Owner {
        /** The client may use its export now. */
        void opened(Connection connection);

        /** The client is gone; an empty reason is nothing to speak of. */
        void closed(Connection connection, String reason);
    }

    /** So that a client that sends without end does not keep others waiting. */
    private static final int ROUNDS = 8;

    /** Exchanges it has. Counted by {@link Exchanges}. */
    int held;
    /** Buffers it has, by size. Counted by {@link Exchanges}. */
    final int[] buffers = new int[3];
    /** Its place in the server's list. */
    int place;

    private final String name;
    private final SocketChannel channel;
    private final Owner owner;
    private final Exchanges exchanges;
    private final InBuffer in;
    private final RequestReader requests;
    private final ReplyQueue replies;
    private Handshake handshake;
    private SelectionKey key;
    private Phase phase = Phase.HANDSHAKE;
    private Export export;
    private long generation;
    private int sent;
    private boolean dirty;
    private boolean full;
    private boolean starved;
    private boolean waitsForOthers;
    private long progressNs;

    Connection(String name, SocketChannel channel, Owner owner, Exchanges exchanges, InBuffer in, long nowNs) {
        this.name = name;
        this.channel = channel;
        this.owner = owner;
        this.exchanges = exchanges;
        this.in = in;
        requests = new RequestReader(this, exchanges, in);
        replies = new ReplyQueue(exchanges.perConnection());
        progressNs = nowNs;
    }

    /** Greets the client. */
    void greet(ExportTable exports) {
        handshake = new Handshake(this, exports, in);
        wantFlush();
    }

    String name() {
        return name;
    }

    SocketChannel channel() {
        return channel;
    }

    InBuffer in() {
        return in;
    }

    /** What it uses, or waits for; null before it chose. */
    Export export() {
        return export;
    }

    long generation() {
        return generation;
    }

    Phase phase() {
        return phase;
    }

    /** When it came, or, after its handshake, when it last sent or read something. */
    long progressNs() {
        return progressNs;
    }

    /** True if it holds memory until it sends the rest of a write or reads its replies. */
    boolean owes() {
        return requests.isInPayload() || replies.size() > 0;
    }

    /** True if its next request waits because others have everything. */
    boolean waitsForOthers() {
        return starved && waitsForOthers;
    }

    void waitsForOthers(boolean others) {
        waitsForOthers = others;
    }

    /** The key under which it is registered now. */
    void key(SelectionKey registered) {
        key = registered;
        interest();
    }

    /** The socket is ready. */
    void onReady(int operations, long nowNs) {
        if ((operations & SelectionKey.OP_WRITE) != 0) {
            full = false;
            wantFlush();
        }
        if ((operations & SelectionKey.OP_READ) != 0) {
            receive(nowNs);
        }
    }

    private void receive(long nowNs) {
        try {
            for (int round = 0; round < ROUNDS && wantsBytes(); round++) {
                long count = requests.read(channel);
                if (count < 0) {
                    close(held > 0 ? "the client hung up with " + held + " requests under way" : "");
                    return;
                }
                if (count > 0 && phase == Phase.TRANSMISSION) {
                    progressNs = nowNs;
                }
                parse();
                if (!in.wasFilled()) {
                    break;
                }
            }
            interest();
        } catch (IOException e) {
            close(reasonOf(e));
        }
    }

    private boolean wantsBytes() {
        return switch (phase) {
            case HANDSHAKE -> !handshake.hasOutput() && !handshake.isOver();
            case ADMISSION -> in.hasRoom();
            case TRANSMISSION -> !starved && export.mayIssue(generation);
            case LEAVING, CLOSED -> false;
        };
    }

    private void parse() throws IOException {
        while (phase == Phase.HANDSHAKE && handshake.step()) {
            // One option after the other, until an answer must be sent first.
        }
        while (phase == Phase.TRANSMISSION && export.mayIssue(generation)) {
            switch (requests.step()) {
                case DONE -> {}
                case NEEDS_BYTES -> {
                    return;
                }
                case NEEDS_MEMORY -> {
                    starve();
                    return;
                }
                case LEAVES -> {
                    phase(Phase.LEAVING);
                    wantFlush();
                }
            }
        }
    }

    private void starve() {
        if (!starved) {
            starved = true;
            exchanges.starved(this);
        }
    }

    /** Goes on after something became free. */
    void feed() {
        starved = false;
        resume();
    }

    /** Goes on with what came already. */
    void resume() {
        if (phase == Phase.CLOSED) {
            return;
        }
        try {
            parse();
            interest();
        } catch (IOException e) {
            close(reasonOf(e));
        }
    }

    /** Queues a reply. False if the client has left. */
    boolean reply(Exchange exchange) {
        if (phase == Phase.CLOSED) {
            return false;
        }
        replies.add(exchange);
        wantFlush();
        return true;
    }

    /** Asks to be flushed at the end of this turn. */
    void wantFlush() {
        if (!dirty && !full) {
            dirty = true;
            exchanges.dirty(this);
        }
    }

    /** Sends what there is, as far as the socket takes it. */
    void flush(long nowNs) {
        dirty = false;
        if (phase == Phase.CLOSED) {
            return;
        }
        try {
            send(nowNs);
            if (phase == Phase.LEAVING && held == 0) {
                close("");
            }
            interest();
        } catch (IOException e) {
            close(phase == Phase.LEAVING ? "" : reasonOf(e));
        }
    }

    private void send(long nowNs) throws IOException {
        if (handshake != null) {
            full = !handshake.send(channel);
            if (full) {
                return;
            }
            if (handshake.isOver()) {
                close("");
            } else if (phase == Phase.HANDSHAKE) {
                parse();
            } else if (phase != Phase.ADMISSION) {
                handshake = null;
            }
        }
        while (replies.size() > 0 && !full && handshake == null) {
            long written = exchanges.writer().write(channel, replies, sent);
            if (written > 0) {
                progressNs = nowNs;
            }
            retire(written);
            full = written == 0 || sent > 0;
        }
    }

    private void retire(long written) {
        long left = sent + written;
        while (left > 0 && left >= replies.get(0).replyLength) {
            Exchange done = replies.removeFirst();
            left -= done.replyLength;
            exchanges.release(done);
        }
        sent = (int) left;
    }

    private void interest() {
        if (key == null || !key.isValid()) {
            return;
        }
        int wanted = (wantsBytes() ? SelectionKey.OP_READ : 0) | (full ? SelectionKey.OP_WRITE : 0);
        if (key.interestOps() != wanted) {
            key.interestOps(wanted);
        }
    }

    /** The client chose an export; its gate, if it has one, decides whether it waits. */
    void open(Export chosen, long withGeneration, boolean structured, boolean allocation) {
        export = chosen;
        generation = withGeneration;
        requests.start(chosen, structured, allocation);
        GenerationGate gate = chosen.gate();
        if (gate == null) {
            admit();
            return;
        }
        switch (gate.open(this, withGeneration)) {
            case ADMITTED -> admit();
            case WAITS -> phase(Phase.ADMISSION);
            case REFUSED -> refuse("generation " + withGeneration + " is older than " + gate.bar());
        }
    }

    /** The client may use the export it chose. */
    void admit() {
        handshake.accept();
        phase(Phase.TRANSMISSION);
        owner.opened(this);
        wantFlush();
    }

    /** The client may not use the export it chose. */
    void refuse(String reason) {
        if (phase == Phase.ADMISSION) {
            phase(Phase.HANDSHAKE);
        }
        if (handshake.refuse(reason)) {
            export = null;
            wantFlush();
        } else {
            close(reason);
        }
    }

    /** Ends the connection. What the device still does for it is finished and thrown away. An empty reason is not worth a line. */
    void close(String reason) {
        if (phase == Phase.CLOSED) {
            return;
        }
        Phase before = phase;
        phase(Phase.CLOSED);
        requests.abandon();
        while (replies.size() > 0) {
            exchanges.release(replies.removeFirst());
        }
        if (before == Phase.ADMISSION) {
            export.gate().leave(this);
        }
        owner.closed(this, reason);
    }

    private void phase(Phase next) {
        if (!next.mayFollow(phase)) {
            throw new IllegalStateException("NBD client " + name + ": " + phase + " -> " + next);
        }
        phase = next;
    }

    private static String reasonOf(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
