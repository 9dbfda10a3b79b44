package dev.ducat.embedded;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Another JVM that owns services, so that a test can kill their owner. */
final class OwnerProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;

  private OwnerProcess(Process process) {
    this.process = process;
    this.output = process.inputReader(StandardCharsets.UTF_8);
  }

  /** What the other JVM does: start the services, name their pids, close when its input ends. */
  public static void main(String[] arguments) throws IOException {
    Service[] services = arguments[1].lines().map(Service::valueOf).toArray(Service[]::new);
    boolean forTests = Boolean.parseBoolean(arguments[2]);
    try (EmbeddedServices owned =
        forTests
            ? EmbeddedServices.forTests(services)
            : EmbeddedServices.start(
                EmbeddedServices.Options.in(Path.of(arguments[0])).withServices(services))) {
      for (Service service : services) {
        System.out.println(service + "=" + owned.pid(service));
      }
      System.out.println("ready");
      int end = System.in.read();
      if (end != -1) {
        throw new IllegalStateException("nobody was to write here");
      }
    }
  }

  static OwnerProcess start(Path dataDir, boolean forTests, Service... services)
      throws IOException {
    StringBuilder names = new StringBuilder();
    for (Service service : services) {
      names.append(service).append('\n');
    }
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-cp",
                absoluteClassPath(),
                OwnerProcess.class.getName(),
                dataDir.toString(),
                names.toString(),
                Boolean.toString(forTests))
            .directory(dataDir.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    return new OwnerProcess(process);
  }

  /** Waits until the services answer; their processes, by service. */
  Map<Service, ProcessRef> awaitReady() throws IOException {
    Map<Service, ProcessRef> processes = new EnumMap<>(Service.class);
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.equals("ready")) {
        return processes;
      }
      int separator = line.indexOf('=');
      Service service = Service.valueOf(line.substring(0, separator).toUpperCase(Locale.ROOT));
      processes.put(
          service, ProcessRef.of(Long.parseLong(line.substring(separator + 1))).orElseThrow());
    }
    throw new AssertionError("the owner ended with exit code " + process.exitValue());
  }

  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Lets it close its services and waits for its end. */
  @Override
  public void close() throws IOException, InterruptedException {
    process.getOutputStream().close();
    process.waitFor();
  }

  private static String absoluteClassPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }
}
