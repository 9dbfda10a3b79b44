package dev.ducat.torture.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run becomes a picture, with a colored bar for each kind of fault. */
final class TimelinePictureTest {
  @TempDir private Path folder;

  private static Set<Integer> colors(BufferedImage image) {
    Set<Integer> colors = new HashSet<>();
    for (int x = 0; x < image.getWidth(); x++) {
      for (int y = 0; y < image.getHeight(); y++) {
        colors.add(image.getRGB(x, y));
      }
    }
    return colors;
  }

  @Test
  void everyKindOfFaultHasItsRow() throws Exception {
    Timeline timeline = new Timeline();
    timeline.ended("CreatePayment", "ok", timeline.now(), false);
    timeline.ended("CreatePayment", "unknown", timeline.now(), false);
    timeline.waited(timeline.now(), timeline.now(), true);

    Path without = folder.resolve("without.png");
    Path with = folder.resolve("deeper/with.png");
    TimelinePicture.write(without, "a run", timeline, List.of());
    TimelinePicture.write(
        with,
        "a run",
        timeline,
        List.of(new Struck("node-kill", 0, 0.001), new Struck("redis-kill", 0, 0.001)));

    BufferedImage plain = ImageIO.read(without.toFile());
    BufferedImage hurt = ImageIO.read(with.toFile());
    assertThat(hurt.getHeight()).isGreaterThan(plain.getHeight());
    assertThat(colors(hurt)).hasSizeGreaterThan(colors(plain).size());
  }
}
