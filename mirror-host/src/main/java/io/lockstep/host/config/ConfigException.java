package io.lockstep.host.config;

import java.util.List;

/** A configuration that is not legal. The message has one line per error: key, value, what is allowed. */
public final class ConfigException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> errors;

    /** An exception with every error found. */
    public ConfigException(String source, List<String> errors) {
        super(source + ":\n  " + String.join("\n  ", errors));
        this.errors = List.copyOf(errors);
    }

    /** One line per error. */
    public List<String> errors() {
        return errors;
    }
}
