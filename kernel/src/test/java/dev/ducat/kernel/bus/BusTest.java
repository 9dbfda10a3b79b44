package dev.ducat.kernel.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Int64Value;
import com.google.protobuf.StringValue;
import dev.ducat.kernel.testing.TestNode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class BusTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final StringValue ANSWER = StringValue.getDefaultInstance();
  private Bus bus;

  @BeforeEach
  void onVertx(Vertx vertx) {
    bus = Bus.on(vertx);
  }

  private String ask(long number) {
    return TestNode.await(bus.ask("number", Int64Value.of(number), ANSWER, SECOND)).getValue();
  }

  @Test
  void asksAndAnswersWithTheObjectItself() {
    StringValue answer = StringValue.of("seven");
    TestNode.await(
        bus.serve(
            "number", Int64Value.getDefaultInstance(), number -> Future.succeededFuture(answer)));
    assertThat(TestNode.await(bus.ask("number", Int64Value.of(7), ANSWER, SECOND)))
        .isSameAs(answer);
  }

  @Test
  void everyFailureOfAHandlerBecomesAReply() {
    TestNode.await(
        bus.serve(
            "number",
            Int64Value.getDefaultInstance(),
            number -> {
              if (number.getValue() == 1) {
                throw new IllegalStateException("secret detail");
              }
              return Future.failedFuture(new BusException(BusFailure.NOT_OWNER, "moved"));
            }));
    assertThatThrownBy(() -> ask(1))
        .isInstanceOfSatisfying(
            BusException.class, e -> assertThat(e.failure()).isEqualTo(BusFailure.INTERNAL))
        .hasMessageNotContaining("secret detail");
    assertThatThrownBy(() -> ask(2))
        .isInstanceOfSatisfying(
            BusException.class, e -> assertThat(e.failure()).isEqualTo(BusFailure.NOT_OWNER));
  }

  @Test
  void tellsSilenceFromAbsence() {
    assertThatThrownBy(() -> ask(1))
        .isInstanceOfSatisfying(
            BusException.class, e -> assertThat(e.failure()).isEqualTo(BusFailure.NO_HANDLERS));
    TestNode.await(
        bus.serve(
            "number",
            Int64Value.getDefaultInstance(),
            never -> Promise.<StringValue>promise().future()));
    assertThatThrownBy(
            () ->
                TestNode.await(bus.ask("number", Int64Value.of(1), ANSWER, Duration.ofMillis(50))))
        .isInstanceOfSatisfying(
            BusException.class, e -> assertThat(e.failure()).isEqualTo(BusFailure.TIMEOUT));
  }

  @Test
  void closedAddressesAreAbsent() {
    Registration registration =
        TestNode.await(
            bus.serve(
                "number",
                Int64Value.getDefaultInstance(),
                number -> Future.succeededFuture(StringValue.of("" + number.getValue()))));
    assertThat(ask(3)).isEqualTo("3");
    TestNode.await(registration.close());
    assertThatThrownBy(() -> ask(3)).isInstanceOf(BusException.class);
  }

  @Test
  void messagesCrossTheWireAsTheirBytes() {
    ProtobufCodec codec = new ProtobufCodec();
    Buffer wire = Buffer.buffer("before");
    int position = wire.length();
    codec.encodeToWire(wire, Int64Value.of(1L << 40));
    wire.appendString("after");
    assertThat(codec.decodeFromWire(position, wire))
        .isInstanceOfSatisfying(
            ProtobufCodec.WireBytes.class,
            bytes ->
                assertThat(bytes.bytes().getBytes())
                    .isEqualTo(Int64Value.of(1L << 40).toByteArray()));
  }
}
