/**
 * Floating point as the ISA defines it: every result and every flag exact, in all five rounding modes.
 *
 * <pre>
 *   FloatUnit  --round to nearest, normal range-->  the host's own IEEE-754 arithmetic, flags from its exact error
 *      '-------everything else------------------->  SoftFloat: integers only
 *              Format: binary32, binary64     Parts: one number taken apart
 * </pre>
 */
package io.lockstep.hypervisor.riscv.fpu;
