/**
 * Protection level 2: one disk kept on two copies, on two hosts. Writes go to both; what one of them missed is remembered beside the other
 * and brought after when it is back.
 *
 * <pre>
 *                     {@link io.lockstep.redirect.copies.MirroredDevice}
 *   WRITE  -> ranges (overlaps wait) -> mark in both logs -> both copies -> acknowledged when both have it,
 *                                                                        or the survivor's log says durably that the other is stale
 *   READ   -> a copy in sync, else the other
 *   legs   one per copy: device, {@link io.lockstep.redirect.regions.RegionLog}, status
 *   resync copies what is marked, in the background; cleaner takes marks back after a flush of both; verify compares
 * </pre>
 */
package io.lockstep.redirect.copies;
