package io.lockstep.hypervisor.riscv.boot;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes a flattened device tree (Devicetree Specification 0.4, chapter 5): version 17, big-endian. */
final class FdtWriter {
    private static final int MAGIC = 0xd00dfeed;
    private static final int HEADER = 40;
    private static final int RESERVED = 16;
    private static final int BEGIN_NODE = 1;
    private static final int END_NODE = 2;
    private static final int PROPERTY = 3;
    private static final int END = 9;

    private final ByteArrayOutputStream structure = new ByteArrayOutputStream();
    private final ByteArrayOutputStream strings = new ByteArrayOutputStream();
    private final Map<String, Integer> offsets = new LinkedHashMap<>();

    private void cell(int value) {
        structure.writeBytes(ByteBuffer.allocate(4).putInt(value).array());
    }

    private void padded(byte[] bytes) {
        structure.writeBytes(bytes);
        while (structure.size() % 4 != 0) {
            structure.write(0);
        }
    }

    private static byte[] terminated(String text) {
        return (text + '\0').getBytes(StandardCharsets.UTF_8);
    }

    FdtWriter begin(String name) {
        cell(BEGIN_NODE);
        padded(terminated(name));
        return this;
    }

    FdtWriter end() {
        cell(END_NODE);
        return this;
    }

    private FdtWriter property(String name, byte[] value) {
        Integer offset = offsets.get(name);
        if (offset == null) {
            offset = strings.size();
            offsets.put(name, offset);
            strings.writeBytes(terminated(name));
        }
        cell(PROPERTY);
        cell(value.length);
        cell(offset);
        padded(value);
        return this;
    }

    /** A property without a value. */
    FdtWriter flag(String name) {
        return property(name, new byte[0]);
    }

    /** One or more strings. */
    FdtWriter text(String name, String... values) {
        return property(name, terminated(String.join("\0", values)));
    }

    /** 32-bit cells. */
    FdtWriter cells(String name, int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length);
        for (int each : values) {
            bytes.putInt(each);
        }
        return property(name, bytes.array());
    }

    /** 64-bit numbers, two cells each. */
    FdtWriter longs(String name, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length);
        for (long each : values) {
            bytes.putLong(each);
        }
        return property(name, bytes.array());
    }

    byte[] finish() {
        cell(END);
        int structureAt = HEADER + RESERVED;
        int stringsAt = structureAt + structure.size();
        int total = (stringsAt + strings.size() + 7) & ~7;
        ByteBuffer blob = ByteBuffer.allocate(total);
        blob.putInt(MAGIC).putInt(total).putInt(structureAt).putInt(stringsAt).putInt(HEADER);
        blob.putInt(17).putInt(16).putInt(0).putInt(strings.size()).putInt(structure.size());
        blob.position(structureAt);
        blob.put(structure.toByteArray()).put(strings.toByteArray());
        return blob.array();
    }
}
