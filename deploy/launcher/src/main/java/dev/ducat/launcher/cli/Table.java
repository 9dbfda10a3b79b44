package dev.ducat.launcher.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Rows of text in aligned columns. */
public final class Table {
  private static final String GAP = "  ";

  private final List<String> heads;
  private final boolean[] right;
  private final List<List<String>> rows = new ArrayList<>();

  /** Columns by their heads; a head that begins with {@code >} makes its column align right. */
  public Table(String... heads) {
    this.right = new boolean[heads.length];
    for (int i = 0; i < heads.length; i++) {
      right[i] = heads[i].startsWith(">");
    }
    this.heads = Arrays.stream(heads).map(head -> head.replaceFirst("^>", "")).toList();
  }

  /** Adds a row; it must have as many cells as there are heads. */
  public Table row(Object... cells) {
    if (cells.length != heads.size()) {
      throw new IllegalArgumentException(cells.length + " cells for " + heads.size() + " heads");
    }
    rows.add(Arrays.stream(cells).map(Table::text).toList());
    return this;
  }

  public boolean isEmpty() {
    return rows.isEmpty();
  }

  /** Heads and rows, each line ended; heads are left out when all are empty. */
  @Override
  public String toString() {
    List<List<String>> lines = new ArrayList<>();
    if (heads.stream().anyMatch(head -> !head.isEmpty())) {
      lines.add(heads.stream().map(head -> head.toUpperCase(Locale.ROOT)).toList());
    }
    lines.addAll(rows);
    int[] widths = new int[heads.size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    StringBuilder out = new StringBuilder();
    for (List<String> line : lines) {
      StringBuilder row = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String blank = " ".repeat(widths[i] - line.get(i).length());
        row.append(i == 0 ? "" : GAP);
        row.append(right[i] ? blank + line.get(i) : line.get(i) + blank);
      }
      out.append(row.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }

  private static String text(Object cell) {
    return cell instanceof Long || cell instanceof Integer
        ? String.format(Locale.ROOT, "%,d", ((Number) cell).longValue())
        : String.valueOf(cell);
  }
}
