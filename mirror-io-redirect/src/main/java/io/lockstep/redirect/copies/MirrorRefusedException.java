package io.lockstep.redirect.copies;

import java.util.List;

/** Why two copies cannot be made one disk: every reason there is. */
public final class MirrorRefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    MirrorRefusedException(String name, List<String> reasons) {
        super("disk " + name + " cannot be mirrored: " + String.join("; ", reasons));
    }
}
