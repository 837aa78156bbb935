package io.lockstep.host.drill;

import io.lockstep.host.load.LoadReport;
import io.lockstep.host.rig.HostStatus;
import io.lockstep.host.rig.PairRig;
import io.lockstep.host.rig.RigException;
import io.lockstep.host.rig.Side;

/** F5: the interconnect is cut while both hosts live: once silently, once with every connection reset and refused. */
final class LinkCut implements Scenario {
    private static final long SETTLE_MS = 1_500;

    @Override
    public void run(Stage stage) throws RigException {
        PairRig rig = stage.whole(stage.standard().withProxies());
        stage.begin("the interconnect falls silent", "exactly one host goes on; protected again when it is back");
        rig.cut();
        Side alone;
        try {
            alone = awaitExactlyOne(stage, rig);
        } finally {
            rig.mend();
        }
        stage.awaitProtected();
        stage.awaitAnswers();
        stage.pass("host " + alone.hostName() + " went on, protected again");

        stage.begin("every connection is reset, new ones refused", "the same");
        rig.proxy(Side.A).reset(true);
        rig.proxy(Side.B).reset(true);
        try {
            alone = awaitExactlyOne(stage, rig);
        } finally {
            rig.proxy(Side.A).acceptAgain();
            rig.proxy(Side.B).acceptAgain();
        }
        stage.awaitProtected();
        LoadReport report = stage.verify();
        stage.pass(String.format(
                "host %s went on, protected again, %,d answers verified", alone.hostName(), report.operations()));
    }

    private static Side awaitExactlyOne(Stage stage, PairRig rig) throws RigException {
        stage.await("one host to go on", Stage.TAKEOVER_LIMIT, () -> {
            Side runner = rig.runner();
            return runner != null && !rig.status(runner).isProtected();
        });
        Side runner = rig.runner();
        stage.check(runner != null, "both hosts go on, or none");
        // Time for the other one to make a mistake.
        long frames = rig.framesFrom(runner.other());
        stage.pause(SETTLE_MS);
        HostStatus other = rig.status(runner.other());
        stage.check(rig.runner() == runner && !other.isRunningGuest(), "host " + other + " goes on as well");
        long more = rig.framesFrom(runner.other()) - frames;
        stage.check(more == 0, "the host that lost released " + more + " frames");
        stage.awaitAnswers();
        return runner;
    }
}
