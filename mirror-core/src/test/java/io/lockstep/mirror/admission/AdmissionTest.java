package io.lockstep.mirror.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.admission.Admission.HostOffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    private static final long MIB = 1L << 20;

    @Test
    void shouldAdmitWhatFitsExactly() {
        assertEquals(List.of(), Admission.reasonsAgainst(256 * MIB, new HostOffer(320 * MIB, 0, 320 * MIB, 256 * MIB)));
    }

    @Test
    void shouldGiveEveryReasonWithItsNumbers() {
        List<String> reasons =
                Admission.reasonsAgainst(256 * MIB, new HostOffer(400 * MIB, 100 * MIB, 100 * MIB, 255 * MIB));

        assertEquals(3, reasons.size(), reasons.toString());
        assertTrue(
                reasons.get(0).contains("320 MiB") && reasons.get(0).contains("100 MiB of the limit of 400 MiB"),
                reasons.get(0));
        assertTrue(reasons.get(1).contains("100 MiB are available"), reasons.get(1));
        assertTrue(reasons.get(2).contains("255 MiB are free"), reasons.get(2));
    }
}
