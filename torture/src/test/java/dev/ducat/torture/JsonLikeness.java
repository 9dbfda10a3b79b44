package dev.ducat.torture;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonStreamParser;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compares JSON that a document shows with JSON that a server sent: exactly, but for what differs
 * from run to run. Ids are free, yet one id of the document stands for one id of the run
 * everywhere; times are free.
 */
final class JsonLikeness {
  private static final Pattern ID = Pattern.compile("(pay|re|acc|tr|evt|saga|whd)_[0-9a-z]{26}");
  private static final Pattern TIME =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");

  /** What the simulator calls its operations. */
  private static final Pattern REFERENCE = Pattern.compile("(sim-[a-z]+)-[0-9a-f]+");

  private final Map<String, String> actualByDocumented = new HashMap<>();

  /** Puts this run's ids where the document has its own; ids not met yet stay. */
  String inThisRun(String text) {
    Matcher id = ID.matcher(text);
    return id.replaceAll(found -> actualByDocumented.getOrDefault(found.group(), found.group()));
  }

  /** The documents of a stream, one after the other, as grpcurl prints them. */
  static List<JsonElement> documents(String text) {
    List<JsonElement> documents = new ArrayList<>();
    new JsonStreamParser(text).forEachRemaining(documents::add);
    return documents;
  }

  /** Every difference with its path; empty means alike. */
  List<String> differences(List<JsonElement> documented, List<JsonElement> actual) {
    List<String> found = new ArrayList<>();
    if (documented.size() != actual.size()) {
      found.add("%d messages are documented, %d came".formatted(documented.size(), actual.size()));
    }
    for (int i = 0; i < Math.min(documented.size(), actual.size()); i++) {
      compare(actual.size() == 1 ? "" : "[" + i + "]", documented.get(i), actual.get(i), found);
    }
    return found;
  }

  private void compare(
      String path, JsonElement documented, JsonElement actual, List<String> found) {
    if (documented instanceof JsonObject one && actual instanceof JsonObject other) {
      compareObjects(path, one, other, found);
    } else if (documented instanceof JsonArray one && actual instanceof JsonArray other) {
      if (one.size() != other.size()) {
        found.add(
            "%s: %d elements are documented, %d came".formatted(path, one.size(), other.size()));
      }
      for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
        compare(path + "[" + i + "]", one.get(i), other.get(i), found);
      }
    } else if (!documented.equals(actual) && !alike(text(documented), text(actual))) {
      found.add("%s: documented %s, came %s".formatted(path, documented, actual));
    }
  }

  private void compareObjects(
      String path, JsonObject documented, JsonObject actual, List<String> found) {
    for (String name : documented.keySet()) {
      if (actual.has(name)) {
        compare(path + "." + name, documented.get(name), actual.get(name), found);
      } else {
        found.add("%s.%s is documented and did not come".formatted(path, name));
      }
    }
    for (String name : actual.keySet()) {
      if (!documented.has(name)) {
        found.add("%s.%s: %s is not documented".formatted(path, name, actual.get(name)));
      }
    }
  }

  private boolean alike(String documented, String actual) {
    Matcher one = ID.matcher(documented);
    Matcher other = ID.matcher(actual);
    if (one.matches() && other.matches()) {
      return one.group(1).equals(other.group(1))
          && actualByDocumented.computeIfAbsent(documented, id -> actual).equals(actual);
    }
    if (TIME.matcher(documented).matches()) {
      return TIME.matcher(actual).matches();
    }
    Matcher reference = REFERENCE.matcher(documented);
    Matcher came = REFERENCE.matcher(actual);
    return reference.matches() && came.matches() && reference.group(1).equals(came.group(1));
  }

  private static String text(JsonElement element) {
    return element.isJsonPrimitive() && element.getAsJsonPrimitive().isString()
        ? element.getAsString()
        : element.toString();
  }
}
