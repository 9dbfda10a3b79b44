package dev.ducat.saga.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class KeyIndexTest {
  private final List<String> journal = new ArrayList<>();
  private final KeyIndex index = new KeyIndex();

  @Test
  void findsTheLastLineOfEachKey() {
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 20_000; i++) {
        put("saga_" + i + "/authorize");
      }
    }
    for (int i = 0; i < 20_000; i++) {
      assertThat(find("saga_" + i + "/authorize")).isEqualTo(20_000 + i);
    }
    assertThat(find("saga_20000/authorize")).isEqualTo(KeyIndex.NONE);
    assertThat(index.size()).isEqualTo(20_000);
  }

  @Test
  void tellsKeysOfOneHashApart() {
    assertThat("Aa".hashCode()).isEqualTo("BB".hashCode());
    put("Aa");
    assertThat(find("BB")).isEqualTo(KeyIndex.NONE);
    put("BB");
    assertThat(List.of(find("Aa"), find("BB"))).containsExactly(0L, 1L);
  }

  private void put(String key) {
    journal.add(key);
    index.put(key, journal.size() - 1, this::keyAt);
  }

  private long find(String key) {
    return index.find(key, this::keyAt);
  }

  private String keyAt(long position) {
    return journal.get((int) position);
  }
}
