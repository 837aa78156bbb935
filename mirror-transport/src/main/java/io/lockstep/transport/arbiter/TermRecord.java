package io.lockstep.transport.arbiter;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * Content of a term file: a few readable lines, the last of which is a checksum of the others.
 *
 * <pre>
 *   lockstep-term=1
 *   term=5
 *   vm=web
 *   host=b
 *   incarnation=9f0c...
 *   why=host a silent on both heartbeats
 *   wall=2026-11-23T05:00:00Z
 *   crc32c=0badcafe
 * </pre>
 */
record TermRecord(long term, String vm, String host, String incarnation, String why, String wall) {
    static final int MAX_LENGTH = 4_096;
    private static final String[] KEYS = {"lockstep-term", "term", "vm", "host", "incarnation", "why", "wall"};
    private static final String FORMAT = "1";

    TermRecord {
        why = why.replaceAll("\\p{Cntrl}", " ");
        // One line for a person, and room enough for it in any encoding.
        why = why.length() > 500 ? why.substring(0, 500) : why;
    }

    boolean sameHolder(String otherHost, String otherIncarnation) {
        return host.equals(otherHost) && incarnation.equals(otherIncarnation);
    }

    byte[] encode() {
        String[] values = {FORMAT, Long.toString(term), vm, host, incarnation, why, wall};
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < KEYS.length; i++) {
            text.append(KEYS[i]).append('=').append(values[i]).append('\n');
        }
        return (text + "crc32c=" + crc(text.toString()) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Reads a term file's bytes.
     *
     * @throws IOException if they are cut off or damaged; the message names what is wrong
     */
    static TermRecord decode(byte[] bytes) throws IOException {
        String text = new String(bytes, StandardCharsets.UTF_8);
        int last = text.lastIndexOf("crc32c=");
        if (!text.endsWith("\n") || last < 0) {
            throw new IOException("cut off after " + bytes.length + " bytes");
        }
        String stored = text.substring(last + "crc32c=".length(), text.length() - 1);
        String computed = crc(text.substring(0, last));
        if (!stored.equals(computed)) {
            throw new IOException("damaged: checksum " + stored + ", computed " + computed);
        }
        String[] values = new String[KEYS.length];
        int start = 0;
        for (int i = 0; i < KEYS.length; i++) {
            int end = text.indexOf('\n', start);
            String prefix = KEYS[i] + "=";
            if (end < 0 || !text.startsWith(prefix, start)) {
                throw new IOException("damaged: no line " + prefix);
            }
            values[i] = text.substring(start + prefix.length(), end);
            start = end + 1;
        }
        if (!values[0].equals(FORMAT)) {
            throw new IOException("written in format " + values[0] + ", known is " + FORMAT);
        }
        try {
            return new TermRecord(Long.parseLong(values[1]), values[2], values[3], values[4], values[5], values[6]);
        } catch (NumberFormatException e) {
            throw new IOException("damaged: term " + values[1], e);
        }
    }

    private static String crc(String text) {
        CRC32C crc = new CRC32C();
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        crc.update(bytes, 0, bytes.length);
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }
}
