package dev.ducat.launcher.node;

import dev.ducat.launcher.config.Setting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Signs members' certificates, by the JDK's own keytool. */
final class Authority {
  private static final String PASSWORD = "changeit";

  private final Path folder;
  private final String name;

  Authority(Path folder, String name) {
    this.folder = folder;
    this.name = name;
    generate(name, "bc:c");
    keytool("-exportcert", "-rfc", "-alias", name, store(name), "-file", file(name + ".pem"));
  }

  /** The settings of a new member. */
  Map<Setting, String> member(String member) {
    generate(member, "eku=serverAuth,clientAuth");
    String request = file(member + ".csr");
    keytool("-certreq", "-alias", member, store(member), "-file", request);
    String certificate = file(member + ".pem");
    keytool(
        "-gencert",
        "-rfc",
        "-alias",
        name,
        store(name),
        "-infile",
        request,
        "-outfile",
        certificate);
    return Map.of(
        Setting.CLUSTER_CERTIFICATE, certificate,
        Setting.CLUSTER_KEY, key(member),
        Setting.CLUSTER_AUTHORITY, file(name + ".pem"));
  }

  private void generate(String alias, String extension) {
    keytool(
        "-genkeypair",
        "-alias",
        alias,
        "-keyalg",
        "EC",
        "-dname",
        "CN=" + alias,
        "-ext",
        extension,
        store(alias));
  }

  private String key(String member) {
    try {
      KeyStore store =
          KeyStore.getInstance(Path.of(file(member + ".p12")).toFile(), PASSWORD.toCharArray());
      byte[] key = store.getKey(member, PASSWORD.toCharArray()).getEncoded();
      String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key);
      Path file = Path.of(file(member + ".key"));
      Files.writeString(
          file, "-----BEGIN PRIVATE KEY-----\n" + text + "\n-----END PRIVATE KEY-----\n");
      return file.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private String file(String called) {
    return folder.resolve(called).toString();
  }

  private String store(String alias) {
    return file(alias + ".p12");
  }

  private static void keytool(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    for (String argument : arguments) {
      if (argument.endsWith(".p12")) {
        command.addAll(List.of("-storepass", PASSWORD, "-keystore"));
      }
      command.add(argument);
    }
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException(said);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
