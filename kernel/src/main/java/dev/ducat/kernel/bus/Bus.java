package dev.ducat.kernel.bus;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.ducat.kernel.bus.ProtobufCodec.WireBytes;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.eventbus.ReplyException;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asking and serving over the Vert.x event bus. The bus is best effort: a lost message may cost
 * time, never money, because whoever asks asks again with the same ids, and whoever serves does it
 * once.
 */
public final class Bus {
  private static final Logger LOG = LoggerFactory.getLogger(Bus.class);

  private static final String PING = "ping";
  private static final WireBytes NOTHING = new WireBytes(Buffer.buffer());

  private final EventBus eventBus;

  private Bus(EventBus eventBus) {
    this.eventBus = eventBus;
  }

  /** The bus of a Vert.x instance. Call once per instance: it registers the codec. */
  public static Bus on(Vertx vertx) {
    vertx.eventBus().registerCodec(new ProtobufCodec());
    return new Bus(vertx.eventBus());
  }

  /**
   * Asks whoever serves {@code address}, on any node.
   *
   * @param answer a default instance of the answer's type
   * @param timeout how long an answer is worth waiting for
   * @return the answer, or a {@link BusException}
   */
  public <A extends Message> Future<A> ask(
      String address, Message request, A answer, Duration timeout) {
    return ask(address, request, answer, timeout, false);
  }

  /** As {@link #ask}, but only this node's handler is asked: for actors that every node has. */
  public <A extends Message> Future<A> askLocal(
      String address, Message request, A answer, Duration timeout) {
    return ask(address, request, answer, timeout, true);
  }

  private <A extends Message> Future<A> ask(
      String address, Message request, A answer, Duration timeout, boolean local) {
    DeliveryOptions options =
        new DeliveryOptions()
            .setCodecName(ProtobufCodec.NAME)
            .setSendTimeout(Math.max(1, timeout.toMillis()))
            .setLocalOnly(local);
    return eventBus
        .<Object>request(address, request, options)
        .transform(
            reply ->
                reply.succeeded()
                    ? parsed(reply.result().body(), answer)
                    : Future.failedFuture(failureOf(address, reply.cause())));
  }

  /** Serves an address for the whole cluster. Every failure of the handler becomes a reply. */
  public <Q extends Message> Future<Registration> serve(
      String address, Q request, Function<Q, Future<? extends Message>> handler) {
    MessageConsumer<Object> consumer = eventBus.consumer(address);
    answer(consumer, request, handler);
    return consumer
        .completion()
        // Announcing it to the cluster failed, yet here it would go on answering.
        .onFailure(unannounced -> consumer.unregister())
        .map(done -> consumer::unregister);
  }

  /** Serves an address for this node only. */
  public <Q extends Message> Registration serveLocal(
      String address, Q request, Function<Q, Future<? extends Message>> handler) {
    MessageConsumer<Object> consumer = eventBus.localConsumer(address);
    answer(consumer, request, handler);
    return consumer::unregister;
  }

  /** Tells everybody who listens; nobody may be listening. */
  public void publish(String address, Message message) {
    eventBus.publish(address, message, new DeliveryOptions().setCodecName(ProtobufCodec.NAME));
  }

  /** Listens to what is published. */
  public <Q extends Message> Future<Registration> listen(
      String address, Q message, Consumer<Q> listener) {
    MessageConsumer<Object> consumer = eventBus.consumer(address);
    consumer.handler(
        received -> {
          try {
            listener.accept(parse(received.body(), message));
          } catch (InvalidProtocolBufferException | RuntimeException broken) {
            LOG.warn("a message on {} was dropped", address, broken);
          }
        });
    return consumer
        .completion()
        // Announcing it to the cluster failed, yet here it would go on answering.
        .onFailure(unannounced -> consumer.unregister())
        .map(done -> consumer::unregister);
  }

  /**
   * Whether somebody serves {@code address}, on any node; the handler there hears nothing of it.
   * Fails with a {@link BusException}. After a healed partition an address may be served and yet
   * not be found: this notices.
   */
  public Future<Void> ping(String address, Duration timeout) {
    DeliveryOptions options =
        new DeliveryOptions()
            .setCodecName(ProtobufCodec.NAME)
            .setSendTimeout(Math.max(1, timeout.toMillis()))
            .addHeader(PING, "1");
    return eventBus
        .<Object>request(address, NOTHING, options)
        .transform(
            reply ->
                reply.succeeded()
                    ? Future.succeededFuture()
                    : Future.failedFuture(failureOf(address, reply.cause())));
  }

  private static <Q extends Message> void answer(
      MessageConsumer<Object> consumer, Q request, Function<Q, Future<? extends Message>> handler) {
    DeliveryOptions options = new DeliveryOptions().setCodecName(ProtobufCodec.NAME);
    consumer.handler(
        received -> {
          if (received.headers().contains(PING)) {
            received.reply(NOTHING, options);
            return;
          }
          Future<? extends Message> answer;
          try {
            answer = handler.apply(parse(received.body(), request));
          } catch (InvalidProtocolBufferException | RuntimeException broken) {
            answer = Future.failedFuture(broken);
          }
          answer.onComplete(
              done -> {
                if (done.succeeded()) {
                  received.reply(done.result(), options);
                } else {
                  BusException failure = asFailure(consumer.address(), done.cause());
                  received.fail(failure.failure().code(), failure.getMessage());
                }
              });
        });
  }

  private static BusException asFailure(String address, Throwable cause) {
    if (cause instanceof BusException expected) {
      return expected;
    }
    UUID errorId = UUID.randomUUID();
    LOG.error("error {} while serving {}", errorId, address, cause);
    return new BusException(BusFailure.INTERNAL, "error " + errorId);
  }

  private static BusException failureOf(String address, Throwable cause) {
    if (cause instanceof ReplyException reply) {
      BusFailure failure =
          switch (reply.failureType()) {
            case NO_HANDLERS -> BusFailure.NO_HANDLERS;
            case TIMEOUT -> BusFailure.TIMEOUT;
            case RECIPIENT_FAILURE -> BusFailure.of(reply.failureCode());
            case ERROR -> BusFailure.UNAVAILABLE;
          };
      return new BusException(failure, address + ": " + reply.getMessage());
    }
    return new BusException(BusFailure.UNAVAILABLE, address + ": " + cause.getMessage());
  }

  private static <A extends Message> Future<A> parsed(Object body, A prototype) {
    try {
      return Future.succeededFuture(parse(body, prototype));
    } catch (InvalidProtocolBufferException | RuntimeException broken) {
      return Future.failedFuture(
          new BusException(BusFailure.INTERNAL, "unreadable answer: " + broken.getMessage()));
    }
  }

  @SuppressWarnings("unchecked")
  private static <M extends Message> M parse(Object body, M prototype)
      throws InvalidProtocolBufferException {
    if (body instanceof WireBytes wire) {
      return (M) prototype.getParserForType().parseFrom(wire.bytes().getBytes());
    }
    if (!prototype.getClass().isInstance(body)) {
      throw new IllegalArgumentException(
          "expected " + prototype.getClass().getName() + ", got " + body.getClass().getName());
    }
    return (M) body;
  }
}
