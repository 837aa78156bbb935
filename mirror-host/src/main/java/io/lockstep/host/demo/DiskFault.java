package io.lockstep.host.demo;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * The local path of the guest's disk was broken, and the guest went on.
 *
 * @param host whose
 * @param what was done to it
 * @param noticedMs from then until the host had left its copy
 * @param gapMs longest time the client waited for an answer meanwhile
 * @param operations of diskload from then on, before the path was mended
 * @param disk the disk on that host, as its status showed it then
 */
record DiskFault(String host, String what, double noticedMs, double gapMs, long operations, JsonNode disk) {
    /** One of the counters of the disk. */
    long counter(String name) {
        return disk.path("counters").path(name).asLong();
    }
}
