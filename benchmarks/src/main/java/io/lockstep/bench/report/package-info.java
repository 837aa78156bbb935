/**
 * What every measurement on real processes needs beside its numbers.
 *
 * <pre>
 *   rig, disk --> Environment   the machine and the build
 *             '-> Medians       of rounds
 * </pre>
 */
package io.lockstep.bench.report;
