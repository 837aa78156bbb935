package io.lockstep.host.drill;

import io.lockstep.host.rig.RigException;

/** One kind of failure. */
interface Scenario {
    /** Breaks things and checks what comes of it; {@link Stage} has everything it needs. Throws at the first thing that is not as expected. */
    void run(Stage stage) throws RigException;
}
