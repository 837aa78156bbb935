package io.lockstep.hypervisor.dirty;

import io.lockstep.mirror.memory.PageRegion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where another process has a part of guest RAM, as {@code /proc/PID/maps} says.
 *
 * @param address first byte in that process
 * @param firstPage first page of the memory file
 * @param pages how many
 */
record RamMapping(long address, long firstPage, long pages) {
    private static final int FIELDS = 6;

    /** All shared writable mappings of the file, which must cover {@code ramBytes}. */
    static List<RamMapping> find(long pid, Path ramFile, long ramBytes) throws IOException {
        String wanted = ramFile.toRealPath().toString();
        List<RamMapping> found = new ArrayList<>();
        long bytes = 0;
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/maps"), StandardCharsets.UTF_8)) {
            String[] fields = line.split(" +", FIELDS);
            if (fields.length == FIELDS && fields[FIELDS - 1].equals(wanted) && fields[1].startsWith("rw-s")) {
                RamMapping mapping = parse(fields);
                found.add(mapping);
                bytes += mapping.pages * PageRegion.PAGE_SIZE;
            }
        }
        if (bytes < ramBytes) {
            throw new IOException("process " + pid + " maps " + bytes + " of " + ramBytes + " bytes of " + wanted);
        }
        return found;
    }

    private static RamMapping parse(String[] fields) {
        int dash = fields[0].indexOf('-');
        long start = Long.parseUnsignedLong(fields[0], 0, dash, 16);
        long end = Long.parseUnsignedLong(fields[0], dash + 1, fields[0].length(), 16);
        long offset = Long.parseUnsignedLong(fields[2], 16);
        return new RamMapping(start, offset / PageRegion.PAGE_SIZE, (end - start) / PageRegion.PAGE_SIZE);
    }
}
