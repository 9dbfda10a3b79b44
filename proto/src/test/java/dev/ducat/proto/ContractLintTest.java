package dev.ducat.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contracts against buf's rules (buf.yaml) and against what was published before (baseline/).
 * Without Node this is reported as skipped, in CI as failed.
 */
class ContractLintTest {

  private static final Path MODULE = Path.of("").toAbsolutePath();
  private static final Path SOURCES = Path.of("src/main/proto");
  private static final String BASELINE = MODULE.resolve("baseline/ducat-v1.binpb").toString();

  @Test
  void publishedPackagesDoNotLeanOnInternalOnes() throws IOException {
    assertThat(published())
        .isNotEmpty()
        .allSatisfy(
            file -> assertThat(Files.readString(file)).doesNotContain("import \"ducat/internal/"));
  }

  private static List<Path> published() throws IOException {
    try (var files = Files.walk(MODULE.resolve(SOURCES))) {
      return files
          .filter(file -> file.toString().endsWith(".proto"))
          .filter(file -> !file.toString().contains("/internal/"))
          .toList();
    }
  }

  @Nested
  class WithBuf {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path copy;

    @SuppressWarnings("NullAway.Init")
    private static Buf buf;

    @BeforeAll
    static void install() throws IOException {
      if (!Buf.nodeIsThere()) {
        var message = "buf needs Node 20 or newer with npm: contracts are not checked";
        if ("true".equals(System.getenv("CI"))) {
          fail(message);
        }
        assumeTrue(false, message);
      }
      buf = Buf.install(MODULE, MODULE.resolve("target/buf"));
    }

    @Test
    void contractsFollowTheRules() {
      var answer = buf.in(MODULE, "lint");
      assertThat(answer.exitCode()).as("buf lint says:%n%s", answer.output()).isZero();
    }

    @Test
    void contractsAreFormatted() {
      var answer = buf.in(MODULE, "format", "--diff", "--exit-code");
      assertThat(answer.exitCode()).as("buf format -w would change:%n%s", answer.output()).isZero();
    }

    @Test
    void contractsKeepWhatWasPublished() {
      var answer = buf.in(MODULE, "breaking", "--against", BASELINE);
      assertThat(answer.exitCode()).as("buf breaking says:%n%s", answer.output()).isZero();
    }

    @Test
    void findsAValueWithoutPrefix() throws IOException {
      plant("ducat/payments/v1/payment.proto", "  PAYMENT_STATE_SETTLED = 5;", "  SETTLED = 5;");

      var answer = buf.in(copy, "lint");

      assertThat(answer.exitCode()).isNotZero();
      assertThat(answer.output()).contains("payment.proto", "\"PAYMENT_STATE_\"");
    }

    @Test
    void findsPackagesThatImportEachOther() throws IOException {
      plant(
          "ducat/payments/v1/payment.proto",
          "import \"ducat/type/v1/money.proto\";",
          "import \"ducat/events/v1/other.proto\";\nimport \"ducat/type/v1/money.proto\";");
      Files.writeString(
          copy.resolve(SOURCES).resolve("ducat/events/v1/other.proto"),
          """
          syntax = "proto3";

          package ducat.events.v1;

          option java_multiple_files = true;
          option java_package = "dev.ducat.proto.events.v1";
          """);

      var answer = buf.in(copy, "lint");

      assertThat(answer.exitCode()).isNotZero();
      assertThat(answer.output()).contains("Package import cycle");
    }

    @Test
    void findsARenamedField() throws IOException {
      plant("ducat/type/v1/money.proto", "int64 minor_units = 2;", "int64 cents = 2;");

      var answer = buf.in(copy, "breaking", "--against", BASELINE);

      assertThat(answer.exitCode()).isNotZero();
      assertThat(answer.output()).contains("money.proto", "\"minor_units\"");
    }

    /** Copies the module's contracts and changes one of them. */
    private void plant(String file, String from, String to) throws IOException {
      Files.copy(MODULE.resolve("buf.yaml"), copy.resolve("buf.yaml"));
      for (var source : published()) {
        var target = copy.resolve(MODULE.relativize(source));
        Files.createDirectories(target.getParent());
        Files.copy(source, target);
      }
      var planted = copy.resolve(SOURCES).resolve(file);
      var text = Files.readString(planted);
      assertThat(text).contains(from);
      Files.writeString(planted, text.replace(from, to));
    }
  }
}
