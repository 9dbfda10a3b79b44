package dev.ducat.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.kernel.shard.UnitOwner;
import dev.ducat.kernel.testing.TestNode;
import dev.ducat.saga.PaymentMessage.Create;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A shard that was lost and came back: the same stream, the same address, another unit. */
@ExtendWith(VertxExtension.class)
final class ReturnedShardTest {
  @TempDir Path folder;

  private final Map<Integer, ShardUnit> units = new ConcurrentHashMap<>();

  /** It would be recorded, and then nothing would ever be done for it. */
  @Test
  void whatWasOfferedToTheLostUnitIsTurnedAway(Vertx vertx) {
    try (TestNode node = TestNode.start(vertx)) {
      SagaSettings settings = SagaSettings.defaults(folder.resolve("journal"));
      PaymentLane lane =
          new PaymentLane(
              "payment-0",
              node.node(),
              node.vertx(),
              node.vertx().getOrCreateContext(),
              settings,
              new PaymentSaga(settings));
      lane.start();
      node.node().leases().serve(UnitKind.PAYMENT_SHARD, new Shards(lane));
      await().atMost(Duration.ofSeconds(20)).until(() -> units.size() == Requests.SHARDS);

      ShardUnit now = Objects.requireNonNull(units.get(Requests.shardOf("t1", "late")));
      ShardUnit before = new ShardUnit(now.lease());
      before.drop();
      Create late =
          new Create(
              before,
              Requests.command("t1", Requests.payment("late", "sim_ok", 100), Requests.WAIT));
      assertThat(lane.offer(late)).isTrue();
      assertThatThrownBy(() -> TestNode.await(late.reply().future()))
          .isInstanceOfSatisfying(
              BusException.class,
              refused -> assertThat(refused.failure()).isEqualTo(BusFailure.NOT_OWNER));
      TestNode.await(node.node().leases().withdraw(UnitKind.PAYMENT_SHARD));
      TestNode.await(lane.stop());
    }
  }

  private final class Shards implements UnitOwner {
    private final PaymentLane lane;

    Shards(PaymentLane lane) {
      this.lane = lane;
    }

    @Override
    public Future<Void> acquired(Lease lease) {
      ShardUnit unit = new ShardUnit(lease);
      return lane.takeOver(unit).onSuccess(taken -> units.put(unit.shard(), unit));
    }

    @Override
    public Future<Void> leaving(Lease lease) {
      return Future.succeededFuture();
    }

    @Override
    public void lost(Lease lease) {}
  }
}
