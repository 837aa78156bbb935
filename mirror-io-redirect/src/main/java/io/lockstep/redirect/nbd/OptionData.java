package io.lockstep.redirect.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The data of one option. Every getter checks all lengths; null is malformed.
 *
 * <pre>
 *   EXPORT_NAME             | name ... |
 *   INFO, GO                | length 4 | name ... | count 2 | INFO_* 2 ... |
 *   LIST_/SET_META_CONTEXT  | length 4 | name ... | count 4 | length 4, query ... |
 * </pre>
 */
final class OptionData {
    private final ByteBuffer data;

    OptionData(byte[] bytes) {
        data = ByteBuffer.wrap(bytes);
    }

    boolean isEmpty() {
        return !data.hasRemaining();
    }

    /** All of it as a text. */
    String rest() {
        return text(data.remaining());
    }

    /** The export that INFO or GO is about. Which facts the client asks for does not matter: it gets all. */
    String nameOfInfo() {
        String name = string();
        if (name == null || data.remaining() < Short.BYTES) {
            return null;
        }
        int count = data.getShort() & 0xffff;
        return data.remaining() == count * Short.BYTES ? name : null;
    }

    MetaQuery metaQuery() {
        String export = string();
        if (export == null || data.remaining() < Integer.BYTES) {
            return null;
        }
        int count = data.getInt();
        List<String> contexts = new ArrayList<>();
        while (contexts.size() != count) {
            String context = string();
            if (context == null) {
                return null;
            }
            contexts.add(context);
        }
        return data.hasRemaining() ? null : new MetaQuery(export, contexts);
    }

    private String string() {
        if (data.remaining() < Integer.BYTES) {
            return null;
        }
        int length = data.getInt();
        return length < 0 || length > data.remaining() || length > NbdWire.MAX_STRING ? null : text(length);
    }

    private String text(int length) {
        byte[] bytes = new byte[length];
        data.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
