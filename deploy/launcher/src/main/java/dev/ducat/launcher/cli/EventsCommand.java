package dev.ducat.launcher.cli;

import com.google.protobuf.Message;
import dev.ducat.kernel.outbox.Topics;
import dev.ducat.launcher.events.EventDecoder;
import dev.ducat.launcher.events.EventReader;
import dev.ducat.launcher.node.ReadyInfo;
import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "events",
    description = "Print events from Kafka as JSON, one per line, until stopped.",
    mixinStandardHelpOptions = true)
final class EventsCommand implements Callable<Integer> {
  private static final List<String> TOPICS = List.of(Topics.PAYMENTS, Topics.LEDGER, Topics.AUDIT);
  private static final Duration POLL = Duration.ofMillis(250);

  @Option(
      names = "--kafka",
      paramLabel = "HOST:PORT",
      description = "Kafka's address. Default: that of a live node of the data folder.")
  private @Nullable String kafka;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = ".ducat",
      description = "The data folder of ./ducat up. Default: ${DEFAULT-VALUE}.")
  private Path data = Path.of(".ducat");

  @Option(names = "--from-beginning", description = "Also what was published before.")
  private boolean fromBeginning;

  @Option(
      names = "--payment",
      paramLabel = "PAYMENT",
      description = "Only events of this payment, its transfers included.")
  private @Nullable String payment;

  @Option(
      names = "--until-end",
      description = "Stop after what is there now, instead of waiting for more.")
  private boolean untilEnd;

  // Replaced by picocli.
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (EventReader reader = EventReader.open(bootstrap(), TOPICS, fromBeginning || untilEnd)) {
      if (!reader.hasTopics()) {
        throw new IllegalArgumentException("there are no topics yet: start a node first");
      }
      if (untilEnd) {
        reader.drain().forEach(record -> print(out, record));
        return Shown.DONE;
      }
      while (!Thread.currentThread().isInterrupted()) {
        reader.poll(POLL).forEach(record -> print(out, record));
        out.flush();
      }
      return Shown.DONE;
    } finally {
      out.flush();
    }
  }

  private String bootstrap() {
    if (kafka != null) {
      return kafka;
    }
    return ReadyInfo.alive(data).stream()
        .map(ReadyInfo::kafka)
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no node runs on " + data + ": start one, or name Kafka by --kafka"));
  }

  private void print(PrintWriter out, ConsumerRecord<String, byte[]> record) {
    Message message = EventDecoder.decode(record);
    if (payment != null && !payment.equals(EventDecoder.paymentOf(record, message))) {
      return;
    }
    JsonObject headers = new JsonObject();
    for (Header header : record.headers()) {
      headers.put(header.key(), EventDecoder.header(record, header.key()));
    }
    out.println(
        new JsonObject()
            .put("topic", record.topic())
            .put("partition", record.partition())
            .put("offset", record.offset())
            .put("key", record.key())
            .put("headers", headers)
            .put("value", new JsonObject(Shown.json(message)))
            .encode());
  }
}
