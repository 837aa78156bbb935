package io.lockstep.host.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The code in the README is the code that runs. */
class ReadmeTest {
    private static final Path ROOT = Path.of(System.getProperty("mirror.home", ".."));
    private static final Path EXAMPLE =
            Path.of("mirror-host/src/test/java/io/lockstep/host/example/EmbeddingExample.java");

    @Test
    void shouldShowTheCodeThatIsTested() throws IOException {
        List<String> tested = between(ROOT.resolve(EXAMPLE), "// begin README", "// end README");
        List<String> shown = between(ROOT.resolve("README.md"), "```java", "```");

        assertEquals(String.join("\n", tested), String.join("\n", shown));
    }

    /** The lines between two marks, moved to the left margin. */
    private static List<String> between(Path file, String begin, String end) throws IOException {
        List<String> lines =
                Files.readAllLines(file).stream().map(String::stripTrailing).toList();
        List<String> marks = lines.stream().map(String::strip).toList();
        int from = marks.indexOf(begin) + 1;
        assertTrue(from > 0, file + " has no line '" + begin + "'");
        int length = marks.subList(from, marks.size()).indexOf(end);
        assertTrue(length > 0, file + " has no line '" + end + "' after '" + begin + "'");
        return String.join("\n", lines.subList(from, from + length))
                .stripIndent()
                .lines()
                .toList();
    }
}
