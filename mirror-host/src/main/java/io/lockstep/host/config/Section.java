package io.lockstep.host.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One mapping of the configuration; reads key by key and collects errors instead of stopping at the first. */
final class Section {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,15})\\s*([kmgt]?)(?:i?b)?", Pattern.CASE_INSENSITIVE);
    private static final Pattern DURATION = Pattern.compile("(\\d{1,12})\\s*(us|ms|s)");

    private final String path;
    private final JsonNode node;
    private final List<String> errors;
    private final Set<String> known = new HashSet<>();

    Section(String path, JsonNode node, List<String> errors) {
        this.path = path;
        this.node = node;
        this.errors = errors;
        if (!node.isMissingNode() && !node.isObject()) {
            errors.add(path + " is '" + node.asText() + "': must be a mapping of keys to values");
        }
    }

    Section section(String key) {
        known.add(key);
        return new Section(name(key), node.path(key), errors);
    }

    List<Section> list(String key) {
        known.add(key);
        List<Section> sections = new ArrayList<>();
        JsonNode list = node.path(key);
        if (!list.isMissingNode() && !list.isArray()) {
            errors.add(name(key) + " is '" + list.asText() + "': must be a list");
        }
        for (int i = 0; i < list.size(); i++) {
            sections.add(new Section(name(key) + "[" + i + "]", list.get(i), errors));
        }
        return sections;
    }

    List<String> texts(String key) {
        known.add(key);
        List<String> texts = new ArrayList<>();
        node.path(key).forEach(item -> texts.add(item.asText()));
        return texts;
    }

    boolean isPresent() {
        return node.isObject();
    }

    String required(String key) {
        String value = text(key, "");
        if (value.isEmpty()) {
            errors.add(name(key) + " is missing");
        }
        return value;
    }

    String text(String key, String fallback) {
        known.add(key);
        JsonNode value = node.path(key);
        if (value.isContainerNode()) {
            errors.add(name(key) + " must be a single value");
            return fallback;
        }
        return value instanceof MissingNode || value.isNull() ? fallback : value.asText();
    }

    boolean flag(String key, boolean fallback) {
        return parsed(key, String.valueOf(fallback), "true or false", text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> null;
        });
    }

    int number(String key, int fallback) {
        return parsed(key, String.valueOf(fallback), "a whole number up to 2147483647", Section::parseInt);
    }

    long size(String key, String fallback) {
        return parsed(key, fallback, "a size such as 512m or 4g", Section::parseSize);
    }

    long durationNs(String key, String fallback) {
        return parsed(key, fallback, "a duration such as 500us, 25ms or 2s", Section::parseDuration);
    }

    InetSocketAddress address(String key) {
        String fallback = "127.0.0.1:1";
        if (required(key).isEmpty()) {
            return parseAddress(fallback);
        }
        return parsed(
                key, fallback, "host:port with a host that resolves and a port from 1 to 65535", Section::parseAddress);
    }

    <E extends Enum<E>> E choice(String key, E fallback) {
        E[] values = fallback.getDeclaringClass().getEnumConstants();
        List<String> names = new ArrayList<>();
        for (E value : values) {
            names.add(value.name().toLowerCase(Locale.ROOT).replace('_', '-'));
        }
        String text = text(key, names.get(fallback.ordinal()));
        if (node.path(key).isBoolean()) {
            text = node.path(key).asBoolean() ? "on" : "off"; // YAML reads the words on and off as truth values
        }
        int index = names.indexOf(text);
        if (index < 0) {
            errors.add(name(key) + " is '" + text + "': must be one of " + String.join(", ", names));
            return fallback;
        }
        return values[index];
    }

    /** Reports keys that nobody asked for, most likely misspelt. */
    void rejectUnknown() {
        for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
            String key = names.next();
            if (!known.contains(key)) {
                errors.add(
                        name(key) + " is not a key; known here: " + String.join(", ", new java.util.TreeSet<>(known)));
            }
        }
    }

    String name(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private <T> T parsed(String key, String fallback, String allowed, Function<String, T> parser) {
        String text = text(key, fallback);
        T value = parser.apply(text);
        if (value == null) {
            errors.add(name(key) + " is '" + text + "': must be " + allowed);
            return parser.apply(fallback);
        }
        return value;
    }

    private static Integer parseInt(String text) {
        try {
            return Integer.valueOf(text);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static Long parseSize(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        int shift = 10
                * " kmgt"
                        .indexOf(
                                matcher.group(2).isEmpty()
                                        ? " "
                                        : matcher.group(2).toLowerCase(Locale.ROOT));
        long number = Long.parseLong(matcher.group(1));
        return number > Long.MAX_VALUE >> shift ? null : Long.valueOf(number << shift);
    }

    private static Long parseDuration(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        long unit =
                switch (matcher.group(2)) {
                    case "us" -> 1_000L;
                    case "ms" -> 1_000_000L;
                    default -> 1_000_000_000L;
                };
        return Long.parseLong(matcher.group(1)) * unit;
    }

    private static InetSocketAddress parseAddress(String text) {
        int colon = text.lastIndexOf(':');
        Integer port = colon <= 0 ? null : parseInt(text.substring(colon + 1));
        if (port == null || port < 1 || port > 65535) {
            return null;
        }
        InetSocketAddress address = new InetSocketAddress(text.substring(0, colon), port);
        return address.isUnresolved() ? null : address;
    }
}
