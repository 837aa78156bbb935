package io.lockstep.host.drill;

import io.lockstep.host.load.LoadConfig;
import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;

/** F9: the interconnect carries far less than the guest changes. The guest is held back; nothing grows. */
final class SlowReceiver implements Scenario {
    private static final long GROWTH_LIMIT = 64L << 20;
    private static final int SLOW = 2_000_000;
    private static final int HEAVY_VALUE = 16_000;
    private static final int STALL_MS = 40;
    private static final int STALLS = 5;

    @Override
    public void run(Stage stage) throws RigException {
        PairRig rig = stage.whole(stage.standard().withProxies());
        LoadReport before = stage.verify();
        stage.connect(LoadConfig.standard("any", 0).withValueBytes(HEAVY_VALUE));
        stage.awaitProtected();
        stage.pause(1500);
        double free = rate(stage, 2000);
        long memory = larger(rig);
        stage.begin(
                "the interconnect carries 2 MB/s, the client writes more",
                "the guest is held back, memory does not grow");
        limit(rig, SLOW);
        double slow = rate(stage, 5000);
        long growth = larger(rig) - memory;
        stage.check(growth <= GROWTH_LIMIT, "an engine grew by " + (growth >> 20) + " MiB");
        stage.requireClient();
        stage.pass(String.format("from %.0f to %.0f operations/s; engines grew by %d MiB", free, slow, growth >> 20));

        stage.begin(STALLS + " stalls of " + STALL_MS + " ms, shorter than the detection time", "the client goes on");
        limit(rig, 0);
        stage.awaitProtected();
        for (int stall = 0; stall < STALLS; stall++) {
            rig.proxy(Side.A).hold();
            rig.proxy(Side.B).hold();
            stage.pause(STALL_MS);
            rig.proxy(Side.A).letGo();
            rig.proxy(Side.B).letGo();
            stage.pauseRandomly(400);
        }
        stage.awaitAnswers();
        stage.awaitProtected();
        LoadReport report = stage.verify();
        stage.pass(String.format("%,d answers verified", report.operations() + before.operations()));
    }

    /** Own memory of the larger engine: the hosts may change their roles on the way. */
    private static long larger(PairRig rig) {
        return Math.max(rig.host(Side.A).ownMemory(), rig.host(Side.B).ownMemory());
    }

    private static void limit(PairRig rig, long bytesPerSecond) {
        rig.proxy(Side.A).limit(bytesPerSecond);
        rig.proxy(Side.B).limit(bytesPerSecond);
    }

    private static double rate(Stage stage, long ms) throws RigException {
        long before = stage.client().operations();
        long startNs = System.nanoTime();
        stage.pause(ms);
        stage.requireClient();
        return (stage.client().operations() - before) * 1e9 / (System.nanoTime() - startNs);
    }
}
