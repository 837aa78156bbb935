package io.lockstep.host.drill;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class DrillTableTest {
    @Test
    void shouldAlignColumnsAndWrapLongCells() {
        DrillTable table = new DrillTable(List.of("id", "what", "n"), 4, 10, 5);
        table.add(List.of("F1", "short", "1"));
        table.add(List.of("F22", "a text that is longer", ""));
        assertEquals(
                List.of(
                        "id   what        n",
                        "---  ----------  -",
                        "F1   short       1",
                        "F22  a text",
                        "     that is",
                        "     longer"),
                table.lines());
    }

    @Test
    void shouldBreakWordsThatDoNotFit() {
        assertEquals(List.of("abcd", "efgh", "ij k"), DrillTable.wrap("abcdefghij  k", 4));
        assertEquals(List.of(""), DrillTable.wrap("  ", 4));
    }

    @Test
    void shouldRefuseARowOfAnotherWidth() {
        DrillTable table = new DrillTable(List.of("a", "b"), 1, 1);
        assertThrows(IllegalArgumentException.class, () -> table.add(List.of("x")));
        assertThrows(IllegalArgumentException.class, () -> new DrillTable(List.of("a"), 1, 1));
    }
}
