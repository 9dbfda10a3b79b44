package dev.ducat.torture;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One grpcurl recipe of the README: a fenced {@code sh} block with one command that begins with
 * {@code grpcurl -plaintext}, and the next fenced block, {@code json} or {@code text}, with what it
 * prints. A comment in the command block, {@code # response header: name: value}, states a header
 * that grpcurl shows with {@code -v}.
 *
 * @param line where the command block begins, for messages
 * @param script the command block as it stands
 * @param command the words after {@code grpcurl -plaintext}, quotes taken off
 * @param language of the block with the output
 */
record Recipe(
    int line,
    String script,
    List<String> command,
    Map<String, String> responseHeaders,
    String language,
    String output) {

  private static final Pattern FENCED =
      Pattern.compile("(?m)^```(\\w+)\\n(.*?)^```$", Pattern.DOTALL);
  private static final Pattern RESPONSE_HEADER =
      Pattern.compile("(?m)^# response header: ([^:\\s]+): (.*)$");

  /** A word: parts in single quotes, in double quotes or bare, without anything between. */
  private static final Pattern WORD = Pattern.compile("(?:'[^']*'|\"[^\"]*\"|[^\\s'\"])+");

  private static final String PREFIX = "grpcurl -plaintext ";

  /** The recipes of a Markdown text, in order. */
  static List<Recipe> of(String markdown) {
    List<Recipe> recipes = new ArrayList<>();
    Matcher block = FENCED.matcher(markdown);
    while (block.find()) {
      String script = block.group(2);
      String command = script.replaceAll("(?m)^#.*\\n", "").replace("\\\n", " ").strip();
      if (!block.group(1).equals("sh") || !command.startsWith(PREFIX)) {
        continue;
      }
      int line = (int) markdown.substring(0, block.start()).lines().count() + 1;
      if (!block.find()) {
        throw new AssertionError("line " + line + ": no block with the output follows");
      }
      recipes.add(
          new Recipe(
              line,
              script,
              words(command.substring(PREFIX.length())),
              responseHeaders(script),
              block.group(1),
              block.group(2)));
    }
    return recipes;
  }

  /** The values of an option that may stand several times. */
  List<String> options(String name) {
    List<String> values = new ArrayList<>();
    for (int i = 0; i + 1 < command.size(); i++) {
      if (command.get(i).equals(name)) {
        values.add(command.get(i + 1));
      }
    }
    return values;
  }

  /** What stands after the options: address, verb or method, symbol. */
  List<String> arguments() {
    List<String> arguments = new ArrayList<>();
    for (int i = 0; i < command.size(); i++) {
      if (command.get(i).startsWith("-")) {
        i++;
      } else {
        arguments.add(command.get(i));
      }
    }
    return arguments;
  }

  /** The document with another output of this recipe. */
  String withOutput(String markdown, String other) {
    // The first block of this content after the command; no two recipes print to the same place.
    int command = markdown.indexOf("```sh\n" + script + "```");
    int begin = markdown.indexOf("```" + language + "\n", command) + language.length() + 4;
    return markdown.substring(0, begin) + other + markdown.substring(begin + output.length());
  }

  @Override
  public String toString() {
    return "line " + line + ": " + String.join(" ", arguments().subList(1, arguments().size()));
  }

  private static Map<String, String> responseHeaders(String script) {
    Map<String, String> headers = new TreeMap<>();
    Matcher comment = RESPONSE_HEADER.matcher(script);
    while (comment.find()) {
      headers.put(comment.group(1), comment.group(2).strip());
    }
    return headers;
  }

  private static List<String> words(String command) {
    List<String> words = new ArrayList<>();
    Matcher word = WORD.matcher(command);
    while (word.find()) {
      String text = word.group();
      // Whatever quotes the shell would take off; JSON keeps its double quotes inside single ones.
      words.add(
          text.startsWith("'") || text.startsWith("\"")
              ? text.substring(1, text.length() - 1)
              : text);
    }
    return words;
  }
}
