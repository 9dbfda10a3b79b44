package dev.ducat.gateway;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** gRPC by hand over HTTP/2 with prior knowledge: says what no decent client would say. */
final class RawGrpc implements AutoCloseable {
  static final Duration LIMIT = Duration.ofSeconds(20);

  private final HttpClient http;
  private final int port;

  RawGrpc(Vertx vertx, int port) {
    this.port = port;
    this.http =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false)
                .setDefaultHost("127.0.0.1")
                .setDefaultPort(port));
  }

  int port() {
    return port;
  }

  /** A message in its frame: not compressed, five bytes of prefix. */
  static Buffer frame(Message message) {
    return frame(message.toByteArray());
  }

  static Buffer frame(byte[] message) {
    return Buffer.buffer().appendByte((byte) 0).appendInt(message.length).appendBytes(message);
  }

  /** What a decent client sends as its head. */
  static MultiMap head() {
    return MultiMap.caseInsensitiveMultiMap()
        .add("content-type", "application/grpc")
        .add("te", "trailers");
  }

  static MultiMap head(String name, String value) {
    return head().set(name, value);
  }

  /** Opens a call; nothing of its body is sent yet. */
  Future<HttpClientRequest> open(String path, MultiMap head) {
    return open(HttpMethod.POST, path, head);
  }

  Future<HttpClientRequest> open(HttpMethod method, String path, MultiMap head) {
    return http.request(new RequestOptions().setMethod(method).setURI(path))
        .map(
            request -> {
              head.forEach(each -> request.headers().add(each.getKey(), each.getValue()));
              request.setChunked(true);
              return request;
            });
  }

  /** Sends a whole call and waits for its end. */
  Reply call(String path, MultiMap head, Buffer... body) {
    return await(callAsync(path, head, body));
  }

  Reply call(String path, Message message) {
    return call(path, head(), frame(message));
  }

  Future<Reply> callAsync(String path, MultiMap head, Buffer... body) {
    return open(path, head)
        .compose(
            request -> {
              Future<Reply> reply = reply(request);
              for (Buffer part : body) {
                request.write(part);
              }
              request.end();
              return reply;
            });
  }

  /** Everything that comes back on an open call. */
  static Future<Reply> reply(HttpClientRequest request) {
    Promise<Reply> promise = Promise.promise();
    request.exceptionHandler(promise::tryFail);
    request
        .response()
        .onComplete(
            done -> {
              if (done.failed()) {
                promise.tryFail(done.cause());
                return;
              }
              var response = done.result();
              Buffer body = Buffer.buffer();
              response.handler(body::appendBuffer);
              response.exceptionHandler(promise::tryFail);
              response.endHandler(
                  end ->
                      promise.tryComplete(
                          new Reply(
                              response.statusCode(),
                              response.headers(),
                              response.trailers(),
                              body)));
            });
    return promise.future();
  }

  static <T> T await(Future<T> future) {
    return dev.ducat.kernel.sql.Await.result(future, LIMIT);
  }

  @Override
  public void close() {
    await(http.close());
  }

  /**
   * What came back.
   *
   * @param httpStatus 200 for everything that is gRPC
   * @param headers the head
   * @param trailers the end; empty when the head was the end
   * @param body all frames
   */
  record Reply(int httpStatus, MultiMap headers, MultiMap trailers, Buffer body) {
    /** The gRPC status, wherever it stands. */
    int status() {
      String text = trailing("grpc-status");
      if (text == null) {
        throw new AssertionError("no grpc-status: " + headers + trailers);
      }
      return Integer.parseInt(text);
    }

    private String trailing(String name) {
      String inTrailers = trailers.get(name);
      return inTrailers == null ? headers.get(name) : inTrailers;
    }

    /** The rich error. */
    Status details() {
      String text = trailing("grpc-status-details-bin");
      if (text == null) {
        throw new AssertionError("no grpc-status-details-bin");
      }
      if (text.endsWith("=")) {
        throw new AssertionError("padded");
      }
      try {
        Status details = Status.parseFrom(Base64.getDecoder().decode(text));
        if (details.getCode() != status()) {
          throw new AssertionError("two codes: " + details.getCode() + ", " + status());
        }
        return details;
      } catch (InvalidProtocolBufferException e) {
        throw new AssertionError(e);
      }
    }

    /** The ErrorInfo's reason, after a look at its domain. */
    String reason() {
      ErrorInfo info = detail(ErrorInfo.getDefaultInstance());
      if (!info.getDomain().equals("ducat.dev")) {
        throw new AssertionError("domain " + info.getDomain());
      }
      return info.getReason();
    }

    boolean hasRetryInfo() {
      return details().getDetailsList().stream().anyMatch(any -> any.is(RetryInfo.class));
    }

    /** The fields that BadRequest names, sorted. */
    List<String> fields() {
      return detail(BadRequest.getDefaultInstance()).getFieldViolationsList().stream()
          .map(BadRequest.FieldViolation::getField)
          .sorted()
          .toList();
    }

    @SuppressWarnings("unchecked")
    <M extends Message> M detail(M prototype) {
      for (var any : details().getDetailsList()) {
        if (any.is(prototype.getClass())) {
          try {
            return (M) any.unpack(prototype.getClass());
          } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
          }
        }
      }
      throw new AssertionError("no " + prototype.getClass().getSimpleName() + " in " + details());
    }

    /** The messages, unframed. */
    <M> List<M> messages(Parser<M> parser) {
      List<M> all = new ArrayList<>();
      try {
        for (int at = 0; at < body.length(); ) {
          int length = body.getInt(at + 1);
          all.add(parser.parseFrom(body.getBytes(at + 5, at + 5 + length)));
          at += 5 + length;
        }
      } catch (InvalidProtocolBufferException e) {
        throw new AssertionError(e);
      }
      return all;
    }

    /** The only message of a call that went well. */
    <M> M only(Parser<M> parser) {
      if (status() != 0) {
        throw new AssertionError("status " + status() + ": " + details());
      }
      List<M> all = messages(parser);
      if (all.size() != 1) {
        throw new AssertionError(all.size() + " messages");
      }
      return all.getFirst();
    }
  }
}
