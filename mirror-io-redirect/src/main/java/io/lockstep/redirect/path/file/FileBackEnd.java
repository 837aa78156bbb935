package io.lockstep.redirect.path.file;

/** What makes the calls of one opening of a file. All methods are for the stack's thread, and none blocks. */
interface FileBackEnd {
    /** Starts one. {@code wakeUp} is called from other threads when there is something to {@link #poll} or to look at. */
    @FunctionalInterface
    interface Factory {
        FileBackEnd start(FilePathConfig config, Runnable wakeUp);
    }

    /** The file, once it is open; null before, and if opening failed. */
    OpenedFile opened();

    /** Why opening failed; empty otherwise. */
    String problem();

    /** Takes one; there is room for as many as the config allows to be issued. */
    void submit(FileOp op);

    /** One that has ended, or null. */
    FileOp poll();

    /** One that was submitted and will never be issued now, or null. */
    FileOp recall();

    /** Ends it when the last call has returned. */
    void stop();

    /** True when everything was given back. */
    boolean ended();
}
