package dev.ducat.kernel.shard;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/** The live nodes that serve one kind of units, in the order of their node ids. */
record Peers(List<Peer> all) {
  static final Peers NONE = new Peers(List.of());

  /** A live node, and the definition versions it can work by. */
  record Peer(UUID owner, Set<Integer> versions) {}

  Peers {
    all = List.copyOf(all);
  }

  /** How many of {@code units} are a node's fair share; -1 when it does not count as alive. */
  int shareOf(UUID owner, int units) {
    int rank = all.stream().map(Peer::owner).toList().indexOf(owner);
    return rank < 0 ? -1 : units / all.size() + (rank < units % all.size() ? 1 : 0);
  }

  /** The versions that every one of them knows. */
  Set<Integer> common() {
    Set<Integer> common = new TreeSet<>();
    for (int i = 0; i < all.size(); i++) {
      if (i == 0) {
        common.addAll(all.get(i).versions());
      } else {
        common.retainAll(all.get(i).versions());
      }
    }
    return Set.copyOf(common);
  }

  /** The sets of versions that others know and that lack one of {@code own}. */
  Set<Set<Integer>> lacking(Set<Integer> own) {
    Set<Set<Integer>> lacking = new HashSet<>();
    for (Peer peer : all) {
      if (!peer.versions().containsAll(own)) {
        lacking.add(peer.versions());
      }
    }
    return lacking;
  }
}
