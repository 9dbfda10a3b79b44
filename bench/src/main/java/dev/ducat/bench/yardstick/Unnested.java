package dev.ducat.bench.yardstick;

import dev.ducat.kernel.sql.SqlStatement;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A statement of Ducat that takes its rows as arrays through {@code unnest}. Its text says which
 * columns it wants, in what order and of which type, so that the bench follows when the text
 * changes.
 */
final class Unnested<R> {
  private static final Pattern PARAMETER = Pattern.compile("\\$(\\d+)::(\\w+)\\[]");
  private static final Pattern NAMED = Pattern.compile("unnest\\(\\$\\d+::\\w+\\[]\\) as (\\w+)");
  private static final Pattern INSERTED = Pattern.compile("insert into [\\w.]+ \\(([^)]*)\\)");

  private record Column<R>(String type, Function<? super R, ? extends @Nullable Object> value) {}

  private final String sql;
  private final List<Column<R>> columns = new ArrayList<>();

  /**
   * Reads a statement.
   *
   * @param values of the columns, by the names that the text gives them
   * @throws IllegalStateException when the text names a column that {@code values} lacks
   */
  Unnested(String sql, Map<String, Function<R, @Nullable Object>> values) {
    this.sql = sql;
    String[] names = names(sql);
    Map<Integer, String> types = new TreeMap<>();
    for (Matcher m = PARAMETER.matcher(sql); m.find(); ) {
      types.put(Integer.parseInt(m.group(1)), m.group(2));
    }
    if (types.size() != names.length) {
      throw new IllegalStateException(
          "%d columns for %d parameters in: %s".formatted(names.length, types.size(), sql));
    }
    int i = 0;
    for (String type : types.values()) {
      Function<R, @Nullable Object> value = values.get(names[i]);
      if (value == null) {
        throw new IllegalStateException("no value for column " + names[i] + " in: " + sql);
      }
      columns.add(new Column<>(type, value));
      i++;
    }
  }

  /** The statement for these rows. */
  SqlStatement of(List<R> rows) {
    Object[] arrays = new Object[columns.size()];
    for (int c = 0; c < arrays.length; c++) {
      Column<R> column = columns.get(c);
      @Nullable Object[] array = array(column.type, rows.size());
      for (int i = 0; i < array.length; i++) {
        array[i] = column.value.apply(rows.get(i));
      }
      arrays[c] = array;
    }
    return new SqlStatement(sql, Tuple.from(arrays));
  }

  /** What the arrays are called where they become rows, else the columns they are inserted into. */
  private static String[] names(String sql) {
    String[] named =
        NAMED.matcher(sql).results().map(match -> match.group(1)).toArray(String[]::new);
    if (named.length > 0) {
      return named;
    }
    MatchResult inserted =
        INSERTED
            .matcher(sql)
            .results()
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("no columns in: " + sql));
    return inserted.group(1).strip().split("\\s*,\\s*");
  }

  private static @Nullable Object[] array(String type, int length) {
    return switch (type) {
      case "uuid" -> new UUID[length];
      case "text" -> new String[length];
      case "smallint" -> new Short[length];
      case "int" -> new Integer[length];
      case "bigint" -> new Long[length];
      case "boolean" -> new Boolean[length];
      case "timestamptz" -> new OffsetDateTime[length];
      case "bytea" -> new Buffer[length];
      default -> throw new IllegalStateException("no arrays of " + type);
    };
  }
}
