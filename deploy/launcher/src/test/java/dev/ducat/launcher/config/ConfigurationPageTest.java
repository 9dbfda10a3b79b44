package dev.ducat.launcher.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * docs/configuration.md is written from the settings: {@code -Dducat.write.docs=true} renews it.
 */
final class ConfigurationPageTest {
  private static final Path PAGE = Path.of("..", "..", "docs", "configuration.md");

  @Test
  void thePageListsEverySettingAsItIs() throws IOException {
    String page = page();
    if (Boolean.getBoolean("ducat.write.docs")) {
      Files.writeString(PAGE, page);
    }

    assertThat(PAGE).content().isEqualTo(page);
  }

  private static String page() {
    return """
        # Configuration

        Every setting can stand in `ducat.yaml` (read from the working directory, or named by `--config` or
        `DUCAT_CONFIG`), in a variable, or in a flag of `./ducat up`. Flags win over variables, variables over the
        file. What is wrong is named all at once, and nothing starts. A secret can also be given as the path of a file
        that holds it: `DUCAT_POSTGRES_URI_FILE`, or `postgres: {uri-file: ...}`.

        Without real services Ducat starts its own, on 127.0.0.1, without passwords. With real ones it serves only with
        TLS and token verification, which this version does not have yet, or with `insecure-dev`.

        | setting | variable | default | meaning |
        |---|---|---|---|
        """
        + Arrays.stream(Setting.values())
            .map(ConfigurationPageTest::line)
            .collect(Collectors.joining())
        + """

        The user of `postgres.uri` owns the database. Each connection takes one of the roles `ducat_writer`, `ducat_reader`,
        `ducat_checker`; with `ducat_owner` they are made by the migrations where that user may create roles. Where it may not,
        an administrator does once per server: `create role ducat_owner nologin` (and the other three), and
        `grant ducat_owner, ducat_writer, ducat_reader, ducat_checker to USER with inherit true, set true`.

        ## Connectors

        Each connector has a name of `[a-z0-9_-]` and settings of its own, `connectors: {acme: {address: ...}}`. The
        variable of `connectors.acme.address` is `DUCAT_CONNECTORS_ACME_ADDRESS`; underscores of a name in a variable
        stand for hyphens. `simulator` is always there, built in; given an address, it is called there instead. Times
        are written `250ms`, `5s`, `1m`, `24h`, `7d`. The built-in simulator's quarantine is 1s. [connectors.md](connectors.md) says what they mean for payments.

        | setting | variable | default | meaning |
        |---|---|---|---|
        """
        + Arrays.stream(ConnectorSetting.values())
            .map(ConfigurationPageTest::line)
            .collect(Collectors.joining());
  }

  private static String line(ConnectorSetting setting) {
    return "| `connectors.<name>.%s` | `DUCAT_CONNECTORS_<NAME>%s` | %s | %s |\n"
        .formatted(
            setting.key(),
            setting.variableEnd(),
            setting.standard().isEmpty() ? "" : "`" + setting.standard() + "`",
            setting.meaning());
  }

  private static String line(Setting setting) {
    return "| `%s` | `%s` | %s | %s |\n"
        .formatted(
            setting.key(),
            setting.variable(),
            setting.standard().isEmpty() ? "" : "`" + setting.standard() + "`",
            setting.meaning());
  }
}
