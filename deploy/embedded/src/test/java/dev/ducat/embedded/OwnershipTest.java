package dev.ducat.embedded;

import static dev.ducat.embedded.Service.KAFKA;
import static dev.ducat.embedded.Service.POSTGRES;
import static dev.ducat.embedded.Service.REDIS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ducat.embedded.EmbeddedServices.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who stops the services: the last live owner, or the next start after the owners died. */
final class OwnershipTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir Path folder;

  @Test
  void theServicesOfAKilledOwnerAreAdoptedAndThenStopped() throws Exception {
    OwnerProcess owner = OwnerProcess.start(folder, false, POSTGRES, REDIS, KAFKA);
    Map<Service, ProcessRef> left = owner.awaitReady();
    owner.kill();
    assertThat(left.values()).allMatch(ProcessRef::alive);
    try (EmbeddedServices adopter = EmbeddedServices.start(Options.in(folder))) {
      left.forEach((service, process) -> assertThat(adopter.pid(service)).isEqualTo(process.pid()));
      assertThat(Answers.query(adopter.postgres(), "select 1")).isEqualTo("1");
    }
    assertThat(left.values()).noneMatch(ProcessRef::alive);
  }

  @Test
  void servicesThatDiedWithTheirOwnerAreStartedAnew() throws Exception {
    OwnerProcess owner = OwnerProcess.start(folder, false, POSTGRES, REDIS);
    Map<Service, ProcessRef> left = owner.awaitReady();
    owner.kill();
    left.values().forEach(process -> process.kill(PATIENCE));
    Options options = Options.in(folder).withServices(POSTGRES, REDIS);
    try (EmbeddedServices services = EmbeddedServices.start(options)) {
      assertThat(left.values())
          .extracting(ProcessRef::pid)
          .doesNotContain(services.pid(POSTGRES), services.pid(REDIS));
      assertThat(Answers.query(services.postgres(), "select 1")).isEqualTo("1");
      assertThat(Answers.redis(services.redis(), "PING")).isEqualTo("+PONG");
    }
  }

  @Test
  void aFrozenServiceIsThawedByTheNextStart() {
    Options options = Options.in(folder).withServices(REDIS);
    try (EmbeddedServices first = EmbeddedServices.start(options)) {
      long pid = first.pid(REDIS);
      first.pause(REDIS);
      try (EmbeddedServices second = EmbeddedServices.start(options)) {
        assertThat(second.pid(REDIS)).isEqualTo(pid);
      }
    }
  }

  @Test
  void concurrentStartersShareAndTheLastOneStops() throws Exception {
    // Both begin with nothing started; the lock decides who starts and who adopts.
    try (OwnerProcess other = OwnerProcess.start(folder, false, POSTGRES, REDIS)) {
      Options options = Options.in(folder).withServices(POSTGRES, REDIS);
      EmbeddedServices mine = EmbeddedServices.start(options);
      Map<Service, ProcessRef> shared = other.awaitReady();
      shared.forEach((service, process) -> assertThat(mine.pid(service)).isEqualTo(process.pid()));
      mine.close();
      mine.close();
      assertThat(shared.values()).allMatch(ProcessRef::alive);
      other.close();
      assertThat(shared.values()).noneMatch(ProcessRef::alive);
    }
  }

  @Test
  void aStrangerWithTheRecordedPidIsLeftAlone() throws IOException {
    Path home = Files.createDirectories(folder.resolve("redis"));
    int port = Ports.free();
    // This very process, as if it had been given the pid of a Redis that is long gone.
    Files.writeString(
        home.resolve("service.properties"),
        "port=%d\nprocess=%d earlier\n".formatted(port, ProcessHandle.current().pid()));
    Options options = Options.in(folder).withServices(REDIS);
    try (EmbeddedServices services = EmbeddedServices.start(options)) {
      assertThat(services.redis().port()).isEqualTo(port);
      assertThat(services.pid(REDIS)).isNotEqualTo(ProcessHandle.current().pid());
    }
  }

  @Test
  void nothingOutlivesAKilledTestJvm() throws Exception {
    OwnerProcess tests = OwnerProcess.start(folder, true, POSTGRES, REDIS);
    Map<Service, ProcessRef> bound = tests.awaitReady();
    tests.kill();
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(bound.values()).noneMatch(ProcessRef::alive));
  }
}
