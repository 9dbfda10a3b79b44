package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.ducat.torture.Rpc.Reply;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Runs every grpcurl recipe of the README against a real node, in order, knowing only what the
 * server tells by reflection, and compares what comes with what the README shows.
 *
 * <p>A recipe is a fenced {@code sh} block with one command that begins with {@code grpcurl
 * -plaintext}, options first ({@code -d '…'}, {@code -H '…'}), and right after it a fenced {@code
 * json} block with the output (for {@code list} and {@code describe}, and for calls that are meant
 * to fail, a {@code text} block). JSON is compared whole; ids and times may differ, but an id that
 * the README shows twice must be one id here too, and may stand in later commands. A comment line
 * {@code # response header: idempotent-replayed: true} in the command block is checked as well.
 *
 * <p>With {@code -Dducat.recipes.write=FILE} the document is written to a file with the answers
 * that came, for a person to look at and to put in its place.
 *
 * <p>The recipes run under a tenant of their own, as on a fresh installation.
 */
final class RecipesTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(12);
  private static final String TENANT = "recipes";
  private static final String ADDRESS = "localhost:50051";

  /** Every RPC that this version implements must have a recipe. */
  private static final List<String> IMPLEMENTED =
      List.of(
          "grpc.health.v1.Health/Check",
          "ducat.payments.v1.PaymentService/CreatePayment",
          "ducat.payments.v1.PaymentService/GetPayment",
          "ducat.payments.v1.PaymentService/LookupPayment",
          "ducat.payments.v1.PaymentService/ListPayments",
          "ducat.payments.v1.PaymentService/WatchPayment",
          "ducat.payments.v1.PaymentService/CapturePayment",
          "ducat.payments.v1.PaymentService/CancelPayment",
          "ducat.payments.v1.PaymentService/RefundPayment",
          "ducat.payments.v1.PaymentService/GetRefund",
          "ducat.payments.v1.PaymentService/ListRefunds",
          "ducat.ledger.v1.LedgerService/CreateAccount",
          "ducat.ledger.v1.LedgerService/GetAccount",
          "ducat.ledger.v1.LedgerService/ListAccounts",
          "ducat.ledger.v1.LedgerService/CloseAccount",
          "ducat.ledger.v1.LedgerService/CreateTransfers",
          "ducat.ledger.v1.LedgerService/GetTransfer",
          "ducat.ledger.v1.LedgerService/ListTransfers",
          "ducat.ledger.v1.LedgerService/GetBalance");

  private static final Gson LIKE_GRPCURL =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  private final JsonLikeness likeness = new JsonLikeness();

  @Test
  void everyRecipeDoesWhatTheReadmeShows() throws IOException {
    List<Recipe> recipes = Recipe.of(document());
    SocketAddress server = Installation.shared().steadyNode().grpc();
    List<String> faults = new ArrayList<>();
    String rewritten = document();
    try (Rpc rpc = new Rpc()) {
      Reflected reflected = new Reflected(rpc, server, "v1");
      for (Recipe recipe : recipes) {
        assertThat(recipe.arguments().getFirst()).as("%s", recipe).isEqualTo(ADDRESS);
        Outcome outcome = run(rpc, server, reflected, recipe);
        outcome.faults().forEach(fault -> faults.add(recipe + "\n    " + fault));
        rewritten = recipe.withOutput(rewritten, outcome.printed());
      }
    }
    String file = System.getProperty("ducat.recipes.write", "");
    if (!file.isEmpty()) {
      Files.writeString(Path.of(file), likeness.inThisRun(rewritten));
    }
    assertThat(faults).as("what the README shows and the server does not do").isEmpty();
  }

  @Test
  void everyImplementedRpcHasARecipe() throws IOException {
    List<String> called =
        Recipe.of(document()).stream().map(recipe -> recipe.arguments().get(1)).toList();
    assertThat(called).contains("list", "describe").containsAll(IMPLEMENTED);
  }

  @Test
  void bothVersionsOfReflectionTellTheSame() {
    SocketAddress server = Installation.shared().steadyNode().grpc();
    try (Rpc rpc = new Rpc()) {
      Reflected now = new Reflected(rpc, server, "v1");
      Reflected before = new Reflected(rpc, server, "v1alpha");
      assertThat(before.services()).isEqualTo(now.services());
      assertThat(before.describe("ducat.payments.v1.PaymentService"))
          .isEqualTo(now.describe("ducat.payments.v1.PaymentService"));
    }
  }

  /**
   * What a recipe did.
   *
   * @param printed what grpcurl would have printed
   */
  private record Outcome(String printed, List<String> faults) {}

  private Outcome run(Rpc rpc, SocketAddress server, Reflected reflected, Recipe recipe)
      throws InvalidProtocolBufferException {
    try {
      return switch (recipe.arguments().get(1)) {
        case "list" -> text(recipe, String.join("\n", reflected.services()) + "\n");
        case "describe" -> text(recipe, reflected.describe(recipe.arguments().get(2)));
        default -> call(rpc, server, reflected, recipe);
      };
    } catch (AssertionError failed) {
      return new Outcome(recipe.output(), List.of(String.valueOf(failed.getMessage())));
    }
  }

  private Outcome call(Rpc rpc, SocketAddress server, Reflected reflected, Recipe recipe)
      throws InvalidProtocolBufferException {
    MethodDescriptor method = reflected.method(recipe.arguments().get(1));
    DynamicMessage.Builder request = DynamicMessage.newBuilder(method.getInputType());
    for (String body : recipe.options("-d")) {
      JsonFormat.parser().merge(likeness.inThisRun(body), request);
    }
    Reply<DynamicMessage> reply =
        rpc.call(server, Reflected.callable(method), request.build(), headers(recipe), TIMEOUT);
    Outcome outcome =
        recipe.language().equals("text") || !reply.ok()
            ? text(recipe, reply.ok() ? "OK\n" : failure(reply))
            : json(recipe, reply.messages());
    recipe
        .responseHeaders()
        .forEach(
            (name, value) -> {
              if (!value.equals(reply.headers().get(name))) {
                outcome.faults().add("header %s: %s".formatted(name, reply.headers().get(name)));
              }
            });
    return outcome;
  }

  private Outcome json(Recipe recipe, List<DynamicMessage> messages)
      throws InvalidProtocolBufferException {
    List<JsonElement> came = new ArrayList<>();
    StringBuilder printed = new StringBuilder();
    for (DynamicMessage message : messages) {
      for (JsonElement json : JsonLikeness.documents(JsonFormat.printer().print(message))) {
        came.add(json);
        printed.append(LIKE_GRPCURL.toJson(json)).append('\n');
      }
    }
    List<String> faults = likeness.differences(JsonLikeness.documents(recipe.output()), came);
    if (!faults.isEmpty()) {
      faults.add("the whole answer:\n" + printed);
    }
    return new Outcome(printed.toString(), faults);
  }

  /** As grpcurl prints a call that failed, without its details. */
  private static String failure(Reply<DynamicMessage> reply) {
    StringBuilder code = new StringBuilder();
    for (String word : reply.status().name().split("_", -1)) {
      code.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
    }
    return "ERROR:\n  Code: %s\n  Message: %s\n".formatted(code, reply.text());
  }

  private static Map<String, String> headers(Recipe recipe) {
    Map<String, String> headers = new HashMap<>(Map.of("ducat-tenant", TENANT));
    for (String header : recipe.options("-H")) {
      int colon = header.indexOf(':');
      headers.put(header.substring(0, colon), header.substring(colon + 1).strip());
    }
    return headers;
  }

  private static Outcome text(Recipe recipe, String printed) {
    List<String> faults = new ArrayList<>();
    if (!recipe.output().equals(printed)) {
      faults.add("documented:\n" + recipe.output() + "came:\n" + printed);
    }
    return new Outcome(printed, faults);
  }

  /** The project's folder is this module's parent. */
  private static String document() throws IOException {
    return Files.readString(Path.of("..", "README.md"));
  }
}
