package dev.ducat.launcher.node;

import dev.ducat.launcher.config.ConfigException;
import dev.ducat.launcher.config.NodeConfig.Cluster;
import dev.ducat.launcher.config.NodeConfig.MemberIdentity;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jgroups.util.SocketFactory;
import org.jgroups.util.TLS;
import org.jgroups.util.TLSClientAuth;

/**
 * Keeps everybody else out of the cluster: with an identity, the bus and the membership protocol
 * speak TLS in which both sides show a certificate of the cluster's authority.
 *
 * <p>Names in certificates are not compared with addresses: nodes come and go with addresses nobody
 * knows beforehand, and any member may be any node. The authority must therefore sign for nothing
 * but this cluster. One port stays plain, that by which members notice each other's death: it
 * carries no data, and who cuts its connections can cut those of the network as well.
 */
final class MembersOnly {
  private static final String PROTOCOL = "TLSv1.3";

  private MembersOnly() {}

  /** How the bus listens and connects. */
  static EventBusOptions bus(Cluster cluster) {
    EventBusOptions options =
        new EventBusOptions()
            .setHost(cluster.host())
            .setClusterPublicHost(cluster.host())
            .setTrustAll(false);
    MemberIdentity identity = cluster.identity();
    if (identity != null) {
      options
          .setSsl(true)
          .setClientAuth(io.vertx.core.http.ClientAuth.REQUIRED)
          .setKeyCertOptions(
              new PemKeyCertOptions()
                  .addCertPath(identity.certificate().toString())
                  .addKeyPath(identity.key().toString()))
          .setTrustOptions(new PemTrustOptions().addCertPath(identity.authority().toString()))
          .removeEnabledSecureTransportProtocol("TLSv1.2")
          .addEnabledSecureTransportProtocol(PROTOCOL);
    }
    return options;
  }

  /** The sockets of the membership protocol; empty for plain ones. */
  static Optional<SocketFactory> sockets(Cluster cluster) {
    return Optional.ofNullable(cluster.identity())
        .map(
            identity ->
                new TLS()
                    .setProtocols(new String[] {PROTOCOL})
                    .setClientAuth(TLSClientAuth.NEED)
                    .createSocketFactory(context(identity)));
  }

  private static SSLContext context(MemberIdentity identity) {
    try {
      var context =
          SslContextBuilder.forServer(identity.certificate().toFile(), identity.key().toFile())
              .trustManager(identity.authority().toFile())
              .clientAuth(ClientAuth.REQUIRE)
              .sslProvider(SslProvider.JDK)
              .protocols(PROTOCOL)
              .build();
      return ((JdkSslContext) context).context();
    } catch (SSLException | IllegalArgumentException broken) {
      throw new ConfigException(
          List.of(
              "cluster.certificate, cluster.key and cluster.authority do not fit: "
                  + broken.getMessage()));
    }
  }
}
