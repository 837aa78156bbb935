/**
 * {@code ./mirror drill}: the failures a pair must survive, on real processes.
 *
 * <pre>
 *   DrillCommand -> DrillOptions
 *        v
 *   Drill: for each Scenario (F1 .. F11)
 *        |     Stage: the pair at hand (Pairs keeps one that is whole), a fresh client, the checks
 *        |        begin(broken, expected) ... pass(outcome)   or an exception
 *        v
 *   DrillTable, JSON: one row for each thing that was broken, with recovery times and the seed
 * </pre>
 *
 * Every scenario has a client of its own on one TCP connection and is done only when every answer it got was right.
 */
package io.lockstep.host.drill;
