package io.lockstep.hypervisor.riscv.elf;

import io.lockstep.hypervisor.riscv.elf.ElfException.Problem;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** An RV64 ELF executable (System V ABI, generic and RISC-V supplement): what is loaded where, and its symbols. Immutable. */
public final class ElfImage {
    private static final int HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int SECTION_HEADER = 64;
    private static final int SYMBOL = 24;
    private static final int RISCV = 243;
    private static final int LOAD = 1;
    private static final int SYMBOL_TABLE = 2;

    /**
     * Bytes to load.
     *
     * @param physical address in the machine
     * @param virtual address the program was linked for
     * @param fileOffset where the bytes are in the file
     * @param fileBytes how many there are
     * @param memoryBytes how many it occupies; the rest is zero
     */
    public record Segment(long physical, long virtual, int fileOffset, int fileBytes, long memoryBytes) {}

    private final byte[] file;
    private final long entry;
    private final List<Segment> segments = new ArrayList<>();
    private final Map<String, Long> symbols = new HashMap<>();

    private ElfImage(byte[] file) {
        this.file = file;
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        checkHeader(bytes);
        readSegments(bytes);
        readSymbols(bytes);
        entry = physical(bytes.getLong(24));
    }

    /**
     * Takes a file apart.
     *
     * @throws ElfException if it is not an executable for this machine
     */
    public static ElfImage parse(byte[] file) {
        try {
            return new ElfImage(file.clone());
        } catch (IndexOutOfBoundsException | ArithmeticException e) {
            throw new ElfException(
                    Problem.MALFORMED,
                    "the ELF is cut off or damaged: a field points outside its " + file.length + " bytes");
        }
    }

    private static void checkHeader(ByteBuffer bytes) {
        int size = bytes.capacity();
        if (size < 4 || bytes.getInt(0) != 0x464c457f) {
            throw new ElfException(Problem.NOT_ELF, "not an ELF file: it does not start with 7f 45 4c 46");
        }
        if (size < HEADER) {
            throw new ElfException(
                    Problem.MALFORMED, "the ELF is cut off: " + size + " bytes, the header has " + HEADER);
        }
        if (bytes.get(4) != 2 || bytes.get(5) != 1) {
            String found = (bytes.get(4) == 1 ? "32" : bytes.get(4) == 2 ? "64" : "?") + "-bit "
                    + (bytes.get(5) == 1 ? "little" : "big") + "-endian";
            throw new ElfException(
                    Problem.WRONG_CLASS, "wrong ELF class: " + found + ", the machine runs 64-bit little-endian");
        }
        int machine = bytes.getShort(18) & 0xffff;
        if (machine != RISCV) {
            throw new ElfException(Problem.WRONG_MACHINE, "wrong ELF machine: " + machine + ", RISC-V is " + RISCV);
        }
    }

    private static int at(long offset) {
        return Math.toIntExact(offset);
    }

    private void readSegments(ByteBuffer bytes) {
        long table = bytes.getLong(32);
        int count = bytes.getShort(56) & 0xffff;
        if (count > 0 && (bytes.getShort(54) & 0xffff) != PROGRAM_HEADER) {
            throw new ElfException(
                    Problem.MALFORMED, "the ELF's program headers do not have " + PROGRAM_HEADER + " bytes");
        }
        for (int i = 0; i < count; i++) {
            int header = at(Math.addExact(table, (long) i * PROGRAM_HEADER));
            if (bytes.getInt(header) != LOAD || bytes.getLong(header + 40) == 0) {
                continue;
            }
            int offset = at(bytes.getLong(header + 8));
            int length = at(bytes.getLong(header + 32));
            long memory = bytes.getLong(header + 40);
            if (offset < 0 || length < 0 || length > file.length - offset || memory < length) {
                throw new ElfException(
                        Problem.MALFORMED,
                        "segment " + i + " of the ELF does not lie in its " + file.length + " bytes");
            }
            segments.add(new Segment(bytes.getLong(header + 24), bytes.getLong(header + 16), offset, length, memory));
        }
    }

    private void readSymbols(ByteBuffer bytes) {
        long table = bytes.getLong(40);
        int count = bytes.getShort(60) & 0xffff;
        for (int i = 0; i < count; i++) {
            int header = at(Math.addExact(table, (long) i * SECTION_HEADER));
            if (bytes.getInt(header + 4) == SYMBOL_TABLE) {
                int names = at(table + (long) bytes.getInt(header + 40) * SECTION_HEADER);
                readSymbolTable(bytes, header, at(bytes.getLong(names + 24)));
            }
        }
    }

    private void readSymbolTable(ByteBuffer bytes, int header, int names) {
        int from = at(bytes.getLong(header + 24));
        long end = Math.addExact(from, bytes.getLong(header + 32));
        for (int symbol = from; symbol + SYMBOL <= end; symbol += SYMBOL) {
            int name = at(names + (long) bytes.getInt(symbol));
            int length = 0;
            while (bytes.get(name + length) != 0) {
                length++;
            }
            if (length > 0) {
                symbols.putIfAbsent(new String(file, name, length, StandardCharsets.UTF_8), bytes.getLong(symbol + 8));
            }
        }
    }

    /** Where a virtual address is loaded; programs that set up translation themselves are linked for one and loaded at another. */
    private long physical(long virtual) {
        for (Segment each : segments) {
            if (virtual >= each.virtual() && virtual - each.virtual() < each.memoryBytes()) {
                return virtual - each.virtual() + each.physical();
            }
        }
        return virtual;
    }

    /** Physical address of the first instruction. */
    public long entry() {
        return entry;
    }

    /** What is loaded. */
    public List<Segment> segments() {
        return List.copyOf(segments);
    }

    /** Physical address of a symbol. */
    public OptionalLong symbol(String name) {
        Long value = symbols.get(name);
        return value == null ? OptionalLong.empty() : OptionalLong.of(physical(value));
    }

    /** The file's bytes, for the loader; not to be modified. */
    public byte[] file() {
        return file;
    }
}
