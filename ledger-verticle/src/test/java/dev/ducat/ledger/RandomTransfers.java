package dev.ducat.ledger;

import com.google.protobuf.Timestamp;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Groups of all kinds, right and wrong, from a seed. Ids come from a window that moves on slowly,
 * so that they are used again, with the same and with other content, before, within and after other
 * groups.
 */
final class RandomTransfers {
  static final List<String> ACCOUNTS =
      List.of(
          "a",
          "b",
          "poor",
          "full",
          "shut",
          "wallet:w",
          "merchant:m:pending",
          "merchant:m:available",
          "fees",
          "psp_receivable:x");

  private static final int WINDOW = 60;

  private final Random random;
  private final String tenant;
  private final ArrayDeque<NewTransfer> recent = new ArrayDeque<>();
  private final List<Long> holds = new ArrayList<>();
  private long next;

  RandomTransfers(long seed, String tenant) {
    this.random = new Random(seed);
    this.tenant = tenant;
  }

  TransferGroup group(Instant now) {
    TransferGroup.Builder group =
        TransferGroup.newBuilder()
            .setTenant(tenant)
            .setPlatform(random.nextInt(6) > 0)
            .setAtomic(random.nextInt(12) == 0);
    int size = random.nextInt(3) == 0 ? 1 + random.nextInt(5) : 1;
    for (int i = 0; i < size; i++) {
      NewTransfer transfer = again() ? pick() : fresh(now);
      if (random.nextInt(i < size - 1 ? 3 : 40) == 0) {
        transfer = transfer.toBuilder().setLinked(!transfer.getLinked()).build();
      }
      recent.add(transfer);
      if (recent.size() > WINDOW) {
        recent.remove();
      }
      group.addTransfers(transfer);
    }
    return group.build();
  }

  private boolean again() {
    return !recent.isEmpty() && random.nextInt(6) == 0;
  }

  /** One of before, at times with one thing changed. */
  private NewTransfer pick() {
    NewTransfer.Builder transfer =
        List.copyOf(recent).get(random.nextInt(recent.size())).toBuilder();
    boolean hold = transfer.getKind() == TransferKind.TRANSFER_KIND_HOLD;
    switch (random.nextInt(20)) {
      case 0 -> transfer.setDebitAccount(account());
      case 1 -> transfer.setCreditAccount(account());
      case 2 -> transfer.setReference("r" + random.nextInt(2));
      case 3 -> transfer.setDescription("changed");
      case 4 -> {
        if (transfer.hasAmount()) {
          transfer.setAmount(Transfers.eur(amount()));
        }
      }
      case 5 -> {
        if (transfer.getKeepRemainder()) {
          transfer.setRemainderHoldId(Transfers.id(oldId()));
        }
      }
      case 6 -> {
        if (hold) {
          transfer.setHoldExpireTime(Timestamp.newBuilder().setSeconds(4_000_000_000L));
        }
      }
      default -> {}
    }
    return transfer.build();
  }

  private NewTransfer fresh(Instant now) {
    NewTransfer.Builder transfer =
        switch (random.nextInt(8)) {
          case 0, 1 -> Transfers.post(newId(), account(), account(), amount());
          case 2, 3, 4 -> hold(now);
          case 5 -> Transfers.postHold(newId(), oldId());
          case 6 -> partly();
          default -> Transfers.voidHold(newId(), oldId());
        };
    if (random.nextInt(20) == 0) {
      transfer.setReference("r" + random.nextInt(2));
    }
    if (transfer.hasAmount() && !transfer.getHoldId().isEmpty() && random.nextInt(10) == 0) {
      transfer.setAmount(Transfers.money("USD", 1));
    }
    if (random.nextInt(25) == 0) {
      transfer.setDebitAccount(account());
    }
    return transfer.build();
  }

  private NewTransfer.Builder hold(Instant now) {
    long id = newId();
    holds.add(id);
    NewTransfer.Builder hold = Transfers.hold(id, account(), account(), amount());
    return random.nextInt(4) == 0
        ? hold.setHoldExpireTime(
            Wire.timestamp(now.plusSeconds(random.nextInt(4) - 1).plusMillis(500)))
        : hold;
  }

  private NewTransfer.Builder partly() {
    if (random.nextBoolean()) {
      return Transfers.postHold(newId(), oldId(), amount());
    }
    long hold = oldId();
    long remainder = newId();
    holds.add(remainder);
    return Transfers.postHold(newId(), hold, amount(), remainder);
  }

  /** Mostly a new one, sometimes one that is, or may become, another's. */
  private long newId() {
    return random.nextInt(10) == 0 ? oldId() : ++next;
  }

  private long oldId() {
    if (!holds.isEmpty() && random.nextInt(8) > 0) {
      return holds.get(Math.max(0, holds.size() - 1 - random.nextInt(15)));
    }
    return Math.max(1, next - random.nextInt(WINDOW / 2) + random.nextInt(3));
  }

  private String account() {
    return random.nextInt(60) == 0 ? "nobody" : ACCOUNTS.get(random.nextInt(ACCOUNTS.size()));
  }

  private long amount() {
    return switch (random.nextInt(400)) {
      case 0, 1, 2 -> 0;
      case 3, 4, 5 -> -random.nextInt(5);
      case 6 -> Long.MAX_VALUE - random.nextInt(1_000);
      default -> 1 + random.nextInt(40);
    };
  }
}
