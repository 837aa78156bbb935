package io.lockstep.host.rig;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class DiskCheckTest {
    private static final String LINE =
            "diskload 75069 6803183058 operations=2000 writes=1200 reads=932 zeroes=58 flushes=108 slowest-us=13105 failures=1 first=torn: sector 9\n";

    @Test
    void shouldReadWhatDiskloadSays() throws IOException {
        DiskCheck.Load load = DiskCheck.Load.parse(LINE);
        assertEquals(new DiskCheck.Load(75069, 2000, 1200, 932, 58, 108, 13105, 1, "torn: sector 9"), load);
    }

    @Test
    void shouldRefuseAnythingElse() {
        assertThrows(IOException.class, () -> DiskCheck.Load.parse(""));
        assertThrows(IOException.class, () -> DiskCheck.Load.parse("ticker 1 2"));
        assertThrows(IOException.class, () -> DiskCheck.Load.parse(LINE.replace("writes=1200", "writes=many")));
    }
}
