package io.lockstep.host.load;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The books of one client: which commands it sends, and what each answer must be. All commands travel over one connection and Redis
 * answers in order, so every answer is known when its command is sent: a lost, repeated or reordered write shows in the next counter or
 * value.
 */
final class Ledger {
    /** A command under way. {@code answer} is what must come back, null for nil. */
    record Expected(List<String> words, String answer, long sentNs) {}

    private final LoadConfig config;
    private final SplittableRandom random;
    private final MessageDigest digest;
    private final long[] numbers;
    private final ArrayDeque<Expected> underWay = new ArrayDeque<>();
    private final String filler;
    private long written;
    private long increments;
    private long acknowledgedIncrements;
    private long acknowledgedWrites;
    private long operations;
    private long settled;

    Ledger(LoadConfig config) {
        this.config = config;
        this.random = new SplittableRandom(config.seed());
        this.numbers = new long[config.keys()];
        try {
            this.digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
        StringBuilder text = new StringBuilder(2 * config.valueBytes());
        while (text.length() < 2 * config.valueBytes()) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        this.filler = text.toString();
    }

    /** The next command of the mix: a third each of counting, writing, reading back. */
    Expected next(long nowNs) {
        return switch ((int) (operations++ % 3)) {
            case 0 -> enter(Long.toString(++increments), nowNs, "INCR", counter());
            case 1 -> {
                int key = random.nextInt(config.keys());
                numbers[key] = ++written;
                yield enter("OK", nowNs, "SET", key(key), value(written));
            }
            default -> read(random.nextInt(config.keys()), nowNs);
        };
    }

    /** Reads one key back. */
    Expected read(int key, long nowNs) {
        return enter(numbers[key] == 0 ? null : value(numbers[key]), nowNs, "GET", key(key));
    }

    /** Reads the counter back. */
    Expected readCounter(long nowNs) {
        return enter(increments == 0 ? null : Long.toString(increments), nowNs, "GET", counter());
    }

    private Expected enter(String answer, long nowNs, String... words) {
        Expected expected = new Expected(List.of(words), answer, nowNs);
        underWay.add(expected);
        return expected;
    }

    /** Checks the answer to the oldest command under way and returns when that was sent. Throws {@link WrongAnswerException}. */
    long settle(String answer) throws WrongAnswerException {
        Expected expected = underWay.remove();
        boolean same = answer == null ? expected.answer == null : answer.equals(expected.answer);
        if (!same) {
            throw new WrongAnswerException(
                    expected.words.get(0) + " " + expected.words.get(1) + " answered " + shorten(answer)
                            + ": must be " + shorten(expected.answer) + " (" + acknowledgedIncrements
                            + " increments and " + acknowledgedWrites + " writes were acknowledged before)");
        }
        settled++;
        switch (expected.words.get(0)) {
            case "INCR" -> acknowledgedIncrements++;
            case "SET" -> acknowledgedWrites++;
            default -> {}
        }
        return expected.sentNs;
    }

    private static String shorten(String text) {
        if (text == null) {
            return "nothing";
        }
        return "'" + (text.length() <= 60 ? text : text.substring(0, 60) + "...") + "'";
    }

    long settled() {
        return settled;
    }

    int underWay() {
        return underWay.size();
    }

    long acknowledgedIncrements() {
        return acknowledgedIncrements;
    }

    long acknowledgedWrites() {
        return acknowledgedWrites;
    }

    private String counter() {
        return config.name() + ":counter";
    }

    private String key(int key) {
        return config.name() + ":k" + key;
    }

    /** {@code number:hash:filler}, the hash over seed, name and number. */
    private String value(long number) {
        byte[] hash =
                digest.digest((config.seed() + ":" + config.name() + ":" + number).getBytes(StandardCharsets.UTF_8));
        String head = number + ":" + HexFormat.of().formatHex(hash, 0, 8) + ":";
        // A window that moves with the number: no two values of a key are alike, so that pages change through and
        // through.
        int start = (int) (number % config.valueBytes());
        return head + filler.substring(start, start + Math.max(0, config.valueBytes() - head.length()));
    }
}
