package dev.ducat.embedded;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The programs inside the jars from Maven Central, unpacked once per version into a cache that all
 * projects of this user share: {@code ~/.cache/ducat}, or the folder named by the system property
 * {@code ducat.embedded.cache}.
 */
final class Binaries {
  private static final String CACHE_PROPERTY = "ducat.embedded.cache";
  private static final int OWNER_EXECUTES = 0100;

  private Binaries() {}

  /** The folder that holds PostgreSQL's {@code bin}, {@code lib} and {@code share}. */
  static Path postgres() {
    String arch = isArm() ? "arm_64" : "x86_64";
    URL archive = resource("postgres-%s-%s.txz".formatted(isMac() ? "darwin" : "linux", arch));
    return cached(archive, "postgres", Binaries::untar);
  }

  /** The {@code redis-server} program. */
  static Path redis() {
    URL program =
        resource(
            isMac()
                ? (isArm()
                    ? "redis-server-6.2.6-v5-darwin-arm64"
                    : "redis-server-6.2.6-v5-darwin-amd64")
                : (isArm()
                    ? "redis-server-6.2.7-linux-arm64"
                    : "redis-server-6.2.6-v5-linux-amd64"));
    return cached(program, "redis", Binaries::copyProgram).resolve("redis-server");
  }

  private static boolean isMac() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    if (os.contains("mac")) {
      return true;
    }
    if (os.contains("linux")) {
      return false;
    }
    throw new EmbeddedServiceException(
        "the embedded services run on Linux and macOS, not on "
            + os
            + "; configure real ones instead");
  }

  private static boolean isArm() {
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return switch (arch) {
      case "aarch64", "arm64" -> true;
      case "amd64", "x86_64" -> false;
      default ->
          throw new EmbeddedServiceException(
              "the embedded services run on x86-64 and ARM64, not on "
                  + arch
                  + "; configure real ones instead");
    };
  }

  private static URL resource(String name) {
    URL url = Binaries.class.getClassLoader().getResource(name);
    if (url == null) {
      throw new EmbeddedServiceException(
          name
              + " is missing on the class path: the jar with the binaries for this platform was not resolved");
    }
    return url;
  }

  private interface Unpacking {
    void unpack(InputStream source, Path target) throws IOException;
  }

  private static Path cached(URL source, String name, Unpacking unpacking) {
    try {
      URLConnection connection = source.openConnection();
      connection.setUseCaches(false);
      Path target = cacheFolder().resolve(name + "-" + version(connection));
      try (InputStream in = new BufferedInputStream(connection.getInputStream())) {
        if (Files.isDirectory(target)) {
          return target;
        }
        Path draft = Files.createTempDirectory(target.getParent(), name + "-");
        unpacking.unpack(in, draft);
        try {
          Files.move(draft, target);
        } catch (IOException e) {
          if (!Files.isDirectory(target)) {
            throw e;
          }
          // Another process unpacked the same version meanwhile.
          DataFolder.deleteTree(draft);
        }
        return target;
      }
    } catch (IOException e) {
      throw new EmbeddedServiceException("cannot unpack " + source, e);
    }
  }

  /**
   * Tells one content from another without reading it: the jar's directory holds checksum and size.
   */
  private static String version(URLConnection connection) throws IOException {
    if (connection instanceof JarURLConnection jar) {
      return "%08x-%d".formatted(jar.getJarEntry().getCrc(), jar.getJarEntry().getSize());
    }
    return connection.getLastModified() + "-" + connection.getContentLengthLong();
  }

  private static Path cacheFolder() throws IOException {
    String configured = System.getProperty(CACHE_PROPERTY);
    Path folder =
        configured != null
            ? Path.of(configured)
            : Path.of(System.getProperty("user.home", "/"), ".cache", "ducat");
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      // A user without a writable home, as in many containers.
      return Files.createDirectories(
          Path.of(
              System.getProperty("java.io.tmpdir"), "ducat-" + System.getProperty("user.name")));
    }
  }

  private static void copyProgram(InputStream source, Path folder) throws IOException {
    Path program = folder.resolve("redis-server");
    Files.copy(source, program);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static void untar(InputStream source, Path folder) throws IOException {
    try (TarArchiveInputStream tar = new TarArchiveInputStream(new XZInputStream(source))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path path = folder.resolve(entry.getName()).normalize();
        if (!path.startsWith(folder)) {
          throw new IOException("the archive names a file outside of itself: " + entry.getName());
        }
        if (entry.isDirectory()) {
          Files.createDirectories(path);
          continue;
        }
        Files.createDirectories(path.getParent());
        if (entry.isSymbolicLink()) {
          Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else {
          Files.copy(tar, path);
          boolean executable = (entry.getMode() & OWNER_EXECUTES) != 0;
          Files.setPosixFilePermissions(
              path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
        }
      }
    }
  }
}
