package io.lockstep.host.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The network of a pair: one outside network with a tap for each host, and an interconnect that can be cut silently.
 *
 * <pre>
 *   flat:   mirror0 (bridge, 10.77.0.1) -- tapa, tapb        192.168.7.1 and .2 on lo
 *   split:  mirror0 -- veth -- [ns a: out0 (bridge) -- tapa]  [ns a: ic0] -- veth -- [ns b: ic0]
 *                   -- veth -- [ns b: out0 (bridge) -- tapb]
 * </pre>
 */
final class RigNetwork implements AutoCloseable {
    /** Address of the client. */
    static final String OUTSIDE = "10.77.0.1";
    /** Address of the guest. */
    static final String GUEST = "10.77.0.10";

    private static final String BRIDGE = "mirror0";
    private static final int CUT_PREFERENCE = 10;
    private static final int LOCAL_PREFERENCE = 100;

    private final Map<Side, Namespace> namespaces;
    private boolean cut;

    private RigNetwork(Map<Side, Namespace> namespaces) {
        this.namespaces = namespaces;
    }

    /** Both hosts in this namespace. */
    static RigNetwork flat() throws RigException {
        RigNetwork network = new RigNetwork(Map.of());
        network.bridge();
        Tool.ip(
                List.of(),
                "address add " + network.interconnect(Side.A) + "/32 dev lo",
                "address add " + network.interconnect(Side.B) + "/32 dev lo",
                // Rules are read in order: the one that delivers locally must leave room for one before it.
                "rule add pref " + LOCAL_PREFERENCE + " lookup local",
                "rule del pref 0",
                "tuntap add dev tapa mode tap",
                "tuntap add dev tapb mode tap",
                "link set tapa addrgenmode none",
                "link set tapb addrgenmode none",
                "link set tapa master " + BRIDGE + " up",
                "link set tapb master " + BRIDGE + " up");
        return network;
    }

    /** Each host in a network namespace of its own. */
    static RigNetwork split() throws RigException {
        Map<Side, Namespace> namespaces = new EnumMap<>(Side.class);
        RigNetwork network = new RigNetwork(namespaces);
        try {
            network.bridge();
            for (Side side : Side.values()) {
                namespaces.put(side, Namespace.create());
                network.outside(side);
            }
            Tool.ip(
                    List.of(),
                    "link add ic0 netns " + namespaces.get(Side.A).pid() + " type veth peer name ic0 netns "
                            + namespaces.get(Side.B).pid());
            for (Side side : Side.values()) {
                Tool.ip(
                        network.enter(side),
                        "address add " + network.interconnect(side) + "/24 dev ic0",
                        "link set ic0 up");
            }
        } catch (RigException e) {
            network.close();
            throw e;
        }
        return network;
    }

    private void bridge() throws RigException {
        Tool.ip(
                List.of(),
                "link set lo up",
                "link add " + BRIDGE + " type bridge forward_delay 0 mcast_snooping 0",
                "link set " + BRIDGE + " addrgenmode none",
                "address add " + OUTSIDE + "/24 dev " + BRIDGE,
                "link set " + BRIDGE + " up");
    }

    private void outside(Side side) throws RigException {
        String port = "port" + side.hostName();
        Tool.ip(
                List.of(),
                "link add " + port + " type veth peer name eth0 netns "
                        + namespaces.get(side).pid(),
                "link set " + port + " addrgenmode none",
                "link set " + port + " master " + BRIDGE + " up");
        Tool.ip(
                enter(side),
                "link add out0 type bridge forward_delay 0 mcast_snooping 0",
                "tuntap add dev " + tap(side) + " mode tap",
                "link set out0 addrgenmode none",
                "link set eth0 addrgenmode none",
                "link set " + tap(side) + " addrgenmode none",
                "link set eth0 master out0 up",
                "link set " + tap(side) + " master out0 up",
                "link set out0 up");
    }

    /** What to put before a command line so that it runs on the given host. */
    List<String> enter(Side side) {
        return namespaces.isEmpty() ? List.of() : namespaces.get(side).enter();
    }

    /** Interconnect address of a host. */
    String interconnect(Side side) {
        return side == Side.A ? "192.168.7.1" : "192.168.7.2";
    }

    /** Name of a host's tap. */
    String tap(Side side) {
        return "tap" + side.hostName();
    }

    /** From now on nothing passes between the hosts, and nobody is told: connections stay open and silent. */
    void cutInterconnect() throws RigException {
        if (namespaces.isEmpty()) {
            Tool.ip(List.of(), "rule add pref " + CUT_PREFERENCE + " to 192.168.7.0/24 blackhole");
        } else {
            Tool.ip(enter(Side.A), "link set ic0 down");
        }
        cut = true;
    }

    /** The interconnect works again. */
    void mendInterconnect() throws RigException {
        if (!cut) {
            return;
        }
        if (namespaces.isEmpty()) {
            Tool.ip(List.of(), "rule del pref " + CUT_PREFERENCE);
        } else {
            Tool.ip(enter(Side.A), "link set ic0 up");
        }
        cut = false;
    }

    /** Frames a host's engine has put on its tap so far. */
    long framesFrom(Side side) throws RigException {
        String pid = namespaces.isEmpty()
                ? "self"
                : Long.toString(namespaces.get(side).pid());
        try {
            for (String line : Files.readAllLines(Path.of("/proc", pid, "net", "dev"))) {
                String[] words = line.strip().split("[:\\s]+", -1);
                if (words[0].equals(tap(side))) {
                    return Long.parseLong(words[2]);
                }
            }
        } catch (IOException e) {
            throw new RigException("cannot read the statistics of " + tap(side) + ": " + e.getMessage(), e);
        }
        throw new RigException("there is no " + tap(side));
    }

    @Override
    public void close() {
        namespaces.values().forEach(Namespace::close);
        if (!namespaces.isEmpty()) {
            quietly("link del " + BRIDGE);
            return;
        }
        quietly("link del tapa");
        quietly("link del tapb");
        quietly("link del " + BRIDGE);
        quietly("address del " + interconnect(Side.A) + "/32 dev lo");
        quietly("address del " + interconnect(Side.B) + "/32 dev lo");
        quietly("rule del pref " + CUT_PREFERENCE);
        quietly("rule add pref 0 lookup local");
        quietly("rule del pref " + LOCAL_PREFERENCE);
    }

    private static void quietly(String line) {
        try {
            Tool.ip(List.of(), line);
        } catch (RigException e) {
            // Not there any more, or never made: that is what was wanted.
            return;
        }
    }
}
