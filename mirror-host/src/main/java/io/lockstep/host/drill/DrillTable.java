package io.lockstep.host.drill;

import java.util.ArrayList;
import java.util.List;

/** Rows under headings, every column as wide as it must be and not wider than it may be; long cells go on below. */
final class DrillTable {
    private final List<String> headings;
    private final int[] most;
    private final List<List<String>> rows = new ArrayList<>();

    /** {@code most} is the greatest width of each column. */
    DrillTable(List<String> headings, int... most) {
        if (headings.size() != most.length) {
            throw new IllegalArgumentException(headings.size() + " headings, " + most.length + " widths");
        }
        this.headings = List.copyOf(headings);
        this.most = most.clone();
    }

    void add(List<String> cells) {
        if (cells.size() != headings.size()) {
            throw new IllegalArgumentException(cells.size() + " cells for " + headings.size() + " columns");
        }
        rows.add(List.copyOf(cells));
    }

    List<String> lines() {
        int[] widths = new int[most.length];
        for (int column = 0; column < widths.length; column++) {
            int widest = headings.get(column).length();
            for (List<String> row : rows) {
                widest = Math.max(widest, row.get(column).length());
            }
            widths[column] = Math.max(headings.get(column).length(), Math.min(most[column], widest));
        }
        List<String> lines = new ArrayList<>();
        print(headings, widths, lines);
        StringBuilder rule = new StringBuilder();
        for (int width : widths) {
            rule.append(rule.isEmpty() ? "" : "  ").append("-".repeat(width));
        }
        lines.add(rule.toString());
        rows.forEach(row -> print(row, widths, lines));
        return lines;
    }

    private static void print(List<String> cells, int[] widths, List<String> lines) {
        List<List<String>> wrapped = new ArrayList<>();
        int height = 1;
        for (int column = 0; column < widths.length; column++) {
            List<String> cell = wrap(cells.get(column), widths[column]);
            wrapped.add(cell);
            height = Math.max(height, cell.size());
        }
        for (int line = 0; line < height; line++) {
            StringBuilder text = new StringBuilder();
            for (int column = 0; column < widths.length; column++) {
                List<String> cell = wrapped.get(column);
                String part = line < cell.size() ? cell.get(line) : "";
                text.append(column == 0 ? "" : "  ").append(part).append(" ".repeat(widths[column] - part.length()));
            }
            lines.add(text.toString().stripTrailing());
        }
    }

    /** Breaks at blanks where it can, in words where it must. */
    static List<String> wrap(String text, int width) {
        List<String> parts = new ArrayList<>();
        String rest = text.strip().replaceAll("\\s+", " ");
        while (rest.length() > width) {
            int cut = rest.lastIndexOf(' ', width);
            int end = cut > 0 ? cut : width;
            parts.add(rest.substring(0, end));
            rest = rest.substring(end).strip();
        }
        parts.add(rest);
        return parts;
    }
}
