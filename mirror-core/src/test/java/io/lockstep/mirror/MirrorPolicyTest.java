package io.lockstep.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.mirror.record.AckLevel;
import org.junit.jupiter.api.Test;

class MirrorPolicyTest {
    @Test
    void shouldNameEveryErrorAtOnce() {
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new MirrorPolicy(
                                1, 2, 0, 17, 3, 8, 7, 6, 65, 1000, MirrorPolicy.Compression.OFF, AckLevel.APPLIED))
                .getMessage();
        for (String key : new String[] {
            "minEpoch is 2",
            "epoch is 1",
            "maxEpoch is 0",
            "epochsInFlight is 17",
            "heartbeat is 3",
            "lease is 7",
            "linkFaultGrace is 6",
            "windowSlots is 65",
            "heldOutputBytes is 1000",
            "ackLevel is APPLIED"
        }) {
            assertTrue(message.contains(key), key + " is missing in: " + message);
        }
    }

    @Test
    void shouldWantALeaseThatEndsBeforeTheSuspicion() {
        MirrorPolicy p = MirrorPolicy.standard();
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new MirrorPolicy(
                                p.epochNs(),
                                p.minEpochNs(),
                                p.maxEpochNs(),
                                p.epochsInFlight(),
                                p.heartbeatNs(),
                                p.leaseNs(),
                                p.leaseNs(),
                                p.linkFaultGraceNs(),
                                p.windowSlots(),
                                p.heldOutputBytes(),
                                p.compression(),
                                p.ackLevel()))
                .getMessage();
        assertEquals("detect is 60000000: must be longer than the lease, at most 10 min", message);
    }
}
