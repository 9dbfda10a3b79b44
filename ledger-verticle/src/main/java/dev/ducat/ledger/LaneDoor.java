package dev.ducat.ledger;

import dev.ducat.kernel.bus.BusException;
import dev.ducat.kernel.bus.BusFailure;
import dev.ducat.kernel.lane.Lane;
import dev.ducat.kernel.shard.Lease;
import dev.ducat.kernel.shard.UnitKind;
import dev.ducat.proto.internal.v1.LedgerReply;
import dev.ducat.proto.internal.v1.LedgerRequest;
import dev.ducat.proto.internal.v1.RefusalReason;
import dev.ducat.proto.internal.v1.TransferGroup;
import dev.ducat.proto.ledger.v1.BalanceLimit;
import dev.ducat.proto.ledger.v1.CloseAccountRequest;
import dev.ducat.proto.ledger.v1.CreateAccountRequest;
import dev.ducat.proto.ledger.v1.NormalSide;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Where requests for one ledger lane come in: read and checked for form, then put into the lane's
 * mailbox.
 */
final class LaneDoor {
  private final Lease lease;
  private final Lane<LedgerMessage> lane;
  private final int units;

  /** Requests without an answer, and one for the door's being open. */
  private final AtomicInteger inside = new AtomicInteger(1);

  private final Promise<Void> empty = Promise.promise();
  private final AtomicBoolean sweeping = new AtomicBoolean();

  /**
   * A door.
   *
   * @param units ledger lanes of the installation
   */
  LaneDoor(Lease lease, Lane<LedgerMessage> lane, int units) {
    this.lease = lease;
    this.lane = lane;
    this.units = units;
  }

  /** Answers a request once what the answer says is committed. */
  Future<LedgerReply> answer(LedgerRequest request) {
    Promise<LedgerReply> answer = Promise.promise();
    LedgerMessage message;
    try {
      message = read(request, answer);
    } catch (InvalidRequest invalid) {
      return Future.succeededFuture(Refusals.reply(invalid.toRefusal()));
    }
    RefusalReason reserved = reservedFrom(message);
    if (reserved != null) {
      return Future.succeededFuture(
          Refusals.reply(
              Refusals.of(reserved, "name", "accounts of this name belong to the platform")));
    }
    inside.incrementAndGet();
    Future<LedgerReply> answered = answer.future().andThen(done -> leave());
    if (request.hasApply()
        && request.getApply().getGroupsList().stream().anyMatch(TransferGroup::getPlatform)) {
      // The next step of payments that were accepted long ago.
      lane.put(message);
    } else if (!lane.offer(message)) {
      answer.tryFail(new BusException(BusFailure.BUSY, lease.address()));
    }
    return answered;
  }

  /** Why a client may not do this to an account of the platform's chart; null when it may. */
  private static @Nullable RefusalReason reservedFrom(LedgerMessage message) {
    return switch (message) {
      case LedgerMessage.OpenAccount open when Chart.isReserved(open.key().name()) ->
          RefusalReason.REFUSAL_REASON_PLATFORM_ACCOUNT;
      case LedgerMessage.CloseAccount close when Chart.isReserved(close.key().name()) ->
          RefusalReason.REFUSAL_REASON_ACCOUNT_NOT_CLOSABLE;
      default -> null;
    };
  }

  /** Releases holds whose time is over; a no-op while the sweep before it has not ended. */
  void sweep() {
    if (sweeping.compareAndSet(false, true)) {
      Promise<LedgerReply> answer = Promise.promise();
      answer.future().onComplete(done -> sweeping.set(false));
      lane.put(new LedgerMessage.SweepHolds(lease.address(), answer));
    }
  }

  /**
   * No more requests come in: completes when the last one is answered, or after {@code patience}.
   */
  Future<Void> drained(Duration patience) {
    leave();
    return empty
        .future()
        .timeout(Math.max(1, patience.toMillis()), TimeUnit.MILLISECONDS)
        .otherwiseEmpty();
  }

  private void leave() {
    if (inside.decrementAndGet() == 0) {
      empty.complete();
    }
  }

  private LedgerMessage read(LedgerRequest request, Promise<LedgerReply> answer) {
    return switch (request.getCommandCase()) {
      case APPLY -> {
        List<TransferGroupCommand> groups = new ArrayList<>(request.getApply().getGroupsCount());
        for (TransferGroup group : request.getApply().getGroupsList()) {
          groups.add(Wire.group(group));
          requireOurs(group.getTenant());
        }
        yield new LedgerMessage.ApplyTransfers(lease.address(), groups, answer);
      }
      case OPEN_ACCOUNT -> {
        String tenant = Wire.tenant(request.getOpenAccount().getTenant());
        requireOurs(tenant);
        yield open(tenant, request.getOpenAccount().getRequest(), answer);
      }
      case CLOSE_ACCOUNT -> {
        String tenant = Wire.tenant(request.getCloseAccount().getTenant());
        requireOurs(tenant);
        CloseAccountRequest close = request.getCloseAccount().getRequest();
        yield new LedgerMessage.CloseAccount(
            lease.address(), key(tenant, close.getName(), close.getCurrencyCode()), answer);
      }
      case SEAL -> {
        requireOurs(Wire.tenant(request.getSeal().getTenant()));
        yield new LedgerMessage.SealTime(
            lease.address(), Wire.instant(request.getSeal().getTime(), "time"), answer);
      }
      case COMMAND_NOT_SET -> throw new InvalidRequest("command", "one is needed");
    };
  }

  private LedgerMessage open(
      String tenant, CreateAccountRequest request, Promise<LedgerReply> answer) {
    NormalSide side = request.getNormalSide();
    if (side != NormalSide.NORMAL_SIDE_DEBIT && side != NormalSide.NORMAL_SIDE_CREDIT) {
      throw new InvalidRequest("normal_side", "DEBIT or CREDIT");
    }
    BalanceLimit limit = request.getLimit();
    if (limit == BalanceLimit.BALANCE_LIMIT_UNSPECIFIED) {
      limit = BalanceLimit.BALANCE_LIMIT_NONE;
    } else if (limit == BalanceLimit.UNRECOGNIZED) {
      throw new InvalidRequest("limit", "not a limit");
    }
    AccountKey key = key(tenant, request.getName(), request.getCurrencyCode());
    return new LedgerMessage.OpenAccount(lease.address(), key, side, limit, answer);
  }

  private static AccountKey key(String tenant, String name, String currency) {
    return new AccountKey(
        tenant, Wire.accountName(name, "name"), Wire.currency(currency, "currency_code"));
  }

  /** Books of a tenant in two lanes would be two books. */
  private void requireOurs(String tenant) {
    if (UnitKind.hash(units, tenant) != lease.unit()) {
      throw new InvalidRequest("tenant", "its books are not kept by " + lease.address());
    }
  }
}
