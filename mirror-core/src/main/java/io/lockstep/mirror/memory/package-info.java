/**
 * Guest pages as plain memory: a leaf that every stage uses.
 *
 * <pre>
 *   PageRegion   pages of guest RAM, of the last-sent shadow, of the replica, of the staging area
 *   PageSet      which pages: dirty, owed to the partner, seen in this epoch
 * </pre>
 */
package io.lockstep.mirror.memory;
