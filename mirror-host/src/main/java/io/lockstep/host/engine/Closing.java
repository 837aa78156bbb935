package io.lockstep.host.engine;

/** Closes what may fail to close, where nothing can be done about it. */
final class Closing {
    private Closing() {}

    static void quietly(AutoCloseable resource) {
        try {
            if (resource != null) {
                resource.close();
            }
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            System.getLogger(Closing.class.getName()).log(System.Logger.Level.DEBUG, "closing " + resource, e);
        }
    }
}
