package dev.ducat.saga;

import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Rows turned into one typed array per column, as {@code unnest} takes them. */
final class Columns {
  private final Object[][] arrays;
  private int rows;

  /** For so many rows; each column is named by its array's constructor, {@code String[]::new}. */
  @SafeVarargs
  Columns(int size, IntFunction<Object[]>... columns) {
    arrays = new Object[columns.length][];
    for (int i = 0; i < columns.length; i++) {
      arrays[i] = columns[i].apply(size);
    }
  }

  /** The next row's values, in the order of the columns. */
  void next(@Nullable Object... values) {
    if (values.length != arrays.length) {
      throw new IllegalArgumentException(
          "%d values for %d columns".formatted(values.length, arrays.length));
    }
    for (int i = 0; i < values.length; i++) {
      store(arrays[i], rows, values[i]);
    }
    rows++;
  }

  Object[] arrays() {
    return arrays;
  }

  private static void store(@Nullable Object[] array, int row, @Nullable Object value) {
    array[row] = value;
  }
}
