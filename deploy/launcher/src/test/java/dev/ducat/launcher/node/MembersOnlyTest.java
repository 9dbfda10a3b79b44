package dev.ducat.launcher.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.sql.Await;
import dev.ducat.launcher.config.ConfigException;
import dev.ducat.launcher.config.Setting;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.vertx.core.Future;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MembersOnlyTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofSeconds(2);
  private static final String UNIT = "unit.1";

  @TempDir private Path data = Path.of("unset");
  @TempDir private Path files = Path.of("unset");

  private Authority authority() {
    return new Authority(files, "authority");
  }

  private static void serve(Member member) {
    Await.result(
        member.bus().serve(UNIT, StringValue.getDefaultInstance(), Future::succeededFuture), LIMIT);
  }

  @Test
  void membersOfOneAuthoritySpeakWithEachOther() {
    Authority authority = authority();
    try (Member one = Member.join(data, "one", authority.member("one"));
        Member two = Member.join(data, "two", authority.member("two"))) {
      serve(one);

      await().atMost(LIMIT).untilAsserted(() -> Await.result(two.bus().ping(UNIT, LIMIT), LIMIT));
    }
  }

  @Test
  void whoShowsNoCertificateOfTheAuthorityIsNotLetIn() {
    try (Member one = Member.join(data, "one", authority().member("one"));
        Member stranger =
            Member.join(data, "two", new Authority(files, "another").member("stranger"));
        Member plain = Member.join(data, "three", Map.of())) {
      serve(one);

      for (Member outside : List.of(stranger, plain)) {
        assertThatThrownBy(() -> Await.result(outside.bus().ping(UNIT, SHORT), LIMIT))
            .isInstanceOf(BusException.class);
      }
    }
  }

  /** The bus has a port of its own, which a stranger may find without the tables of the cluster. */
  @Test
  void bothPortsWantACertificate() throws IOException {
    Map<Setting, String> settings = authority().member("one");
    JdkSslContext withoutCertificate =
        (JdkSslContext)
            SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .trustManager(Path.of(settings.get(Setting.CLUSTER_AUTHORITY)).toFile())
                .build();
    try (Member one = Member.join(data, "one", settings)) {
      String[] announced = Files.readString(data.resolve("cluster/one")).strip().split(":", -1);
      int membership = Integer.parseInt(announced[1]);

      for (int port : List.of(one.busAddress().port(), membership)) {
        try (Socket socket =
            withoutCertificate.context().getSocketFactory().createSocket("127.0.0.1", port)) {
          socket.setSoTimeout((int) LIMIT.toMillis());
          assertThatThrownBy(
                  () -> {
                    socket.getOutputStream().write(1);
                    socket.getInputStream().read();
                  })
              .isInstanceOf(SSLException.class)
              .hasMessageContaining("certificate");
        }
      }
    }
  }

  @Test
  void filesThatDoNotFitAreNamed() {
    Authority authority = authority();
    Map<Setting, String> mixed = new HashMap<>(authority.member("one"));
    mixed.put(Setting.CLUSTER_KEY, authority.member("two").get(Setting.CLUSTER_AUTHORITY));

    assertThatThrownBy(() -> Member.join(data, "one", mixed))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("cluster.key");
    assertThat(data.resolve("cluster")).isEmptyDirectory();
  }
}
