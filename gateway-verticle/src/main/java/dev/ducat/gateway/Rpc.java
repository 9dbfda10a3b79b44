package dev.ducat.gateway;

import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.vertx.core.Future;
import io.vertx.grpc.common.ServiceMethod;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;

/** One method of a service, as the edge needs to know it. */
sealed interface Rpc {
  /** A payment with all its texts is some 40 KB at most. */
  int MESSAGE_BYTES_MAX = 64 * 1024;

  /** A thousand transfers. */
  int LEDGER_MESSAGE_BYTES_MAX = 1024 * 1024;

  /** The HTTP path, {@code /package.Service/Method}. */
  String path();

  /** One message, one answer. */
  record Unary<Q extends Message, A extends Message>(
      String path,
      Parser<Q> parser,
      int bytesMax,
      BiFunction<UnaryCall<Q, A>, Q, Future<A>> handler)
      implements Rpc {}

  /** One message, many answers; the handler sends them through the call and ends it. */
  record ServerStreaming<Q extends Message, A extends Message>(
      String path, Parser<Q> parser, int bytesMax, BiConsumer<StreamCall<Q, A>, Q> handler)
      implements Rpc {}

  /** Many messages, each answered at once by one. */
  record Conversation<Q extends Message, A extends Message>(
      String path, Parser<Q> parser, int bytesMax, Function<Q, A> handler) implements Rpc {}

  /** In the contract, not in this version. */
  record NotImplemented(String path) implements Rpc {}

  static <Q extends Message, A extends Message> Rpc unary(
      ServiceMethod<Q, A> method,
      Q request,
      int bytesMax,
      BiFunction<UnaryCall<Q, A>, Q, Future<A>> handler) {
    return new Unary<>(pathOf(method), parserOf(request), bytesMax, handler);
  }

  static <Q extends Message, A extends Message> Rpc serverStreaming(
      ServiceMethod<Q, A> method, Q request, BiConsumer<StreamCall<Q, A>, Q> handler) {
    return new ServerStreaming<>(pathOf(method), parserOf(request), MESSAGE_BYTES_MAX, handler);
  }

  static String pathOf(ServiceMethod<?, ?> method) {
    return "/" + method.fullMethodName();
  }

  /**
   * Fields that this version does not know are dropped where they come in: no check has seen them,
   * so they must not reach the database with the request.
   */
  @SuppressWarnings("unchecked")
  static <Q extends Message> Parser<Q> parserOf(Q request) {
    return DiscardUnknownFieldsParser.wrap((Parser<Q>) request.getParserForType());
  }
}
