package io.lockstep.redirect.path.iscsi;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class IscsiPathConfigTest {
    @Test
    void shouldNameEverythingThatIsWrong() {
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new IscsiPathConfig("p", "host", " ", -1, "", "joe", "", 0, 256, 0, 99))
                .getMessage();
        for (String key : new String[] {
            "portal is host",
            "target",
            "lun is -1",
            "initiator",
            "user",
            "diskKey",
            "pathKey",
            "maxIssued",
            "openTimeoutMs"
        }) {
            assertTrue(message.contains(key), key + " is not named: " + message);
        }
    }

    @Test
    void shouldNotShowThePassword() {
        IscsiPathConfig config =
                new IscsiPathConfig("p", "[::1]:3260", "iqn.x:y", 0, "iqn.x:z", "joe", "secret", 1, 1, 1, 100);
        assertFalse(config.toString().contains("secret"));
    }
}
