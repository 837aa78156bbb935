/**
 * The rig: a real pair with real QEMU guests, measured from outside.
 *
 * <pre>
 *   BenchCommand --> RigRun --+--> LoadScenario (idle, mem200, mem4000, cpu)   unprotected | protected | unprotected | ...
 *                             |        PhaseProbe: counters, pauses, processor time   GuestRate: the load's count
 *                             |        LatencyProbe: one INCR after another           EngineMemory: /proc/PID/smaps
 *                             +--> FailoverSeries   SIGKILL, takeover, the killed host comes back, and the other way round
 *                             v
 *                   Results (JSON) --> ResultTable: numbers beside Targets
 * </pre>
 *
 * Protected and unprotected phases alternate on the same guest in the same run, because the machine's mood changes from minute to minute.
 */
package io.lockstep.bench.rig;
