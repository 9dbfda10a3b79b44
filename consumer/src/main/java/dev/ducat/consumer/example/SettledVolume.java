package dev.ducat.consumer.example;

import dev.ducat.consumer.ConsumerSettings;
import dev.ducat.consumer.Event;
import dev.ducat.consumer.StandaloneConsumer;
import dev.ducat.proto.events.v1.PaymentEvent;
import dev.ducat.proto.payments.v1.Payment;
import dev.ducat.proto.type.v1.Money;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;

/** Keeps a table of settled volume per merchant and currency, right to the cent. */
public final class SettledVolume {
  private static final String TABLE =
      """
      create table if not exists settled_volume (
        merchant text, currency text, payments bigint not null, minor_units bigint not null,
        primary key (merchant, currency))
      """;

  private static final String ADD =
      """
      insert into settled_volume as v values ($1::text, $2::text, 1, $3::bigint)
      on conflict (merchant, currency) do update
        set payments = v.payments + 1, minor_units = v.minor_units + excluded.minor_units
      """;

  private SettledVolume() {}

  /**
   * Runs until it is killed.
   *
   * @param args Kafka's bootstrap servers, the URI of a Postgres database of one's own, and a name
   *     for this process, under which it goes on at once after a kill
   */
  public static void main(String[] args) {
    StandaloneConsumer.run(
        ConsumerSettings.of("settled-volume", args[0], "ducat.payments.v1").withInstance(args[2]),
        args[1],
        TABLE,
        SettledVolume::add);
  }

  private static Future<Void> add(SqlConnection tx, Event event) throws IOException {
    if (!event.type().equals("dev.ducat.payment.settled.v1")) {
      return Future.succeededFuture();
    }
    Payment payment = PaymentEvent.parseFrom(event.payload().getBytes()).getPayment();
    Money settled = payment.getAmountCaptured();
    return tx.preparedQuery(ADD)
        .execute(
            Tuple.of(
                payment.getMerchantAccount(), settled.getCurrencyCode(), settled.getMinorUnits()))
        .mapEmpty();
  }
}
