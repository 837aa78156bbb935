package io.lockstep.host.config;

import io.lockstep.redirect.copies.MirrorConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Reads the two copies of a disk. */
final class CopiesReader {
    private static final int MAX_NAME = 64;
    private static final int QUEUE_LIMIT = 2_048;

    private final List<String> errors;

    CopiesReader(List<String> errors) {
        this.errors = errors;
    }

    Optional<CopiesConfig> read(Section root, String export, boolean readOnly) {
        if (readOnly) {
            errors.add("read-only is 'true': must be false with copies, which are brought up to date");
        }
        if (export.getBytes(StandardCharsets.UTF_8).length > MAX_NAME) {
            errors.add("export is '" + export + "': must be at most " + MAX_NAME + " bytes with copies");
        }
        Section section = root.section("copies");
        CopiesConfig.One first = one(section.section("first"));
        CopiesConfig.One second = one(section.section("second"));
        if (first.name().equals(second.name())) {
            errors.add("copies.second.name is '" + second.name() + "': the first copy has this name");
        }
        if (first.log().equals(second.log())) {
            errors.add("copies.second.log is '" + second.log() + "': must be another file than that of the first copy");
        }
        MirrorConfig mirror = mirror(section, export);
        long verifyNs = section.durationNs("verify-every", "0s");
        section.rejectUnknown();
        return Optional.of(new CopiesConfig(mirror, first, second, verifyNs));
    }

    private CopiesConfig.One one(Section section) {
        String name = section.required("name");
        String log = section.required("log");
        DiskPathReader.Ways ways = new DiskPathReader(errors).read(section, false);
        section.rejectUnknown();
        return new CopiesConfig.One(name, Path.of(log).toAbsolutePath().normalize(), ways.paths(), ways.state());
    }

    private MirrorConfig mirror(Section section, String export) {
        MirrorConfig like = MirrorConfig.of("disk");
        MirrorConfig.Source source = section.choice("source", like.source());
        int blockBytes = section.number("block-size", 0);
        long queueNs = section.durationNs("queue-time", "30s");
        long stallNs = section.durationNs("stall", "5s");
        long probeNs = section.durationNs("probe", "500ms");
        long rate = section.size("resync-rate", "64m");
        try {
            return new MirrorConfig(
                    export,
                    0,
                    source,
                    blockBytes,
                    queueNs,
                    QUEUE_LIMIT,
                    stallNs,
                    probeNs,
                    like.cleanNs(),
                    rate,
                    like.maxWrites(),
                    like.readErrorIsFinal());
        } catch (IllegalArgumentException e) {
            errors.add("copies: " + e.getMessage());
            return like;
        }
    }
}
