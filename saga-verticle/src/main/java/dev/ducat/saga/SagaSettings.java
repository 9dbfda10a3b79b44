package dev.ducat.saga;

import dev.ducat.kernel.lane.LaneSettings;
import dev.ducat.proto.connector.v1.SettlementMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Settings of the saga verticle.
 *
 * @param lanes lanes in this process; a shard belongs to lane shard % lanes
 * @param inFlightMax sagas per lane that may be at work at once; more are refused
 * @param simulatorJournal the file in which the built-in simulator keeps what it did, shared by all
 *     processes
 * @param connectors the connectors this node has, by name
 * @param defaultConnector used where a request names none
 * @param fees by merchant account; others pay {@code fee}
 * @param retry how patient sagas are whose connector has no terms of its own
 * @param keyLife how long an idempotency key finds its payment, at least
 * @param amountMax the largest amount accepted, in minor units
 * @param horizon timers further away than this stay in the table
 * @param scan how often the table is searched for overdue sagas that memory lacks
 * @param limits per tenant and merchant, checked in the validate step
 * @param risk the service that is asked in the validate step; null for none
 */
public record SagaSettings(
    int lanes,
    LaneSettings lane,
    int inFlightMax,
    Path simulatorJournal,
    Map<String, ConnectorTerms> connectors,
    String defaultConnector,
    Fee fee,
    Map<String, Fee> fees,
    RetryTerms retry,
    Duration keyLife,
    long amountMax,
    Duration horizon,
    Duration scan,
    Limits limits,
    @Nullable RiskTerms risk) {

  public SagaSettings {
    connectors = Map.copyOf(connectors);
    fees = Map.copyOf(fees);
    if (lanes < 1 || inFlightMax < 1) {
      throw new IllegalArgumentException("at least one lane and one saga in flight");
    }
    if (!connectors.containsKey(defaultConnector)) {
      throw new IllegalArgumentException("the default connector is unknown: " + defaultConnector);
    }
  }

  /**
   * Two lanes, the simulator, no fees. 20,000 sagas in flight are a second of work of a fast lane.
   * With amounts of at most 10^11 minor units, a counter of the ledger holds ninety million of the
   * largest payments.
   */
  public static SagaSettings defaults(Path simulatorJournal) {
    return new SagaSettings(
        2,
        LaneSettings.defaults(),
        20_000,
        simulatorJournal,
        Map.of("simulator", ConnectorTerms.simulator()),
        "simulator",
        Fee.NONE,
        Map.of(),
        RetryTerms.defaults(),
        Duration.ofDays(3),
        1_000_000_000_00L,
        Duration.ofMinutes(10),
        Duration.ofSeconds(30),
        Limits.NONE,
        null);
  }

  /** The fee a merchant pays. */
  public Fee feeOf(String merchantAccount) {
    return fees.getOrDefault(merchantAccount, fee);
  }

  /** Whether a connector's captures settle only when the PSP reports it. */
  boolean settlesOnReport(String connector) {
    ConnectorTerms terms = connectors.get(connector);
    return terms != null && terms.settlement() == SettlementMode.SETTLEMENT_MODE_REPORTED;
  }

  /** How patient the sagas of a connector are. */
  RetryTerms retryOf(String connector) {
    ConnectorTerms terms = connectors.get(connector);
    return terms == null || terms.retry() == null ? retry : terms.retry();
  }

  public SagaSettings withFees(Fee all, Map<String, Fee> byMerchant) {
    return new SagaSettings(
        lanes,
        lane,
        inFlightMax,
        simulatorJournal,
        connectors,
        defaultConnector,
        all,
        byMerchant,
        retry,
        keyLife,
        amountMax,
        horizon,
        scan,
        limits,
        risk);
  }

  public SagaSettings withRetry(RetryTerms patience) {
    return new SagaSettings(
        lanes,
        lane,
        inFlightMax,
        simulatorJournal,
        connectors,
        defaultConnector,
        fee,
        fees,
        patience,
        keyLife,
        amountMax,
        horizon,
        scan,
        limits,
        risk);
  }

  public SagaSettings withConnectors(Map<String, ConnectorTerms> named, String byDefault) {
    return new SagaSettings(
        lanes,
        lane,
        inFlightMax,
        simulatorJournal,
        named,
        byDefault,
        fee,
        fees,
        retry,
        keyLife,
        amountMax,
        horizon,
        scan,
        limits,
        risk);
  }

  public SagaSettings withInFlightMax(int sagas) {
    return new SagaSettings(
        lanes,
        lane,
        sagas,
        simulatorJournal,
        connectors,
        defaultConnector,
        fee,
        fees,
        retry,
        keyLife,
        amountMax,
        horizon,
        scan,
        limits,
        risk);
  }

  public SagaSettings withScan(Duration every) {
    return new SagaSettings(
        lanes,
        lane,
        inFlightMax,
        simulatorJournal,
        connectors,
        defaultConnector,
        fee,
        fees,
        retry,
        keyLife,
        amountMax,
        horizon,
        every,
        limits,
        risk);
  }

  public SagaSettings withKeyLife(Duration life) {
    return new SagaSettings(
        lanes,
        lane,
        inFlightMax,
        simulatorJournal,
        connectors,
        defaultConnector,
        fee,
        fees,
        retry,
        life,
        amountMax,
        horizon,
        scan,
        limits,
        risk);
  }

  public SagaSettings withLimits(Limits configured) {
    return new SagaSettings(
        lanes,
        lane,
        inFlightMax,
        simulatorJournal,
        connectors,
        defaultConnector,
        fee,
        fees,
        retry,
        keyLife,
        amountMax,
        horizon,
        scan,
        configured,
        risk);
  }

  public SagaSettings withRisk(@Nullable RiskTerms asked) {
    return new SagaSettings(
        lanes,
        lane,
        inFlightMax,
        simulatorJournal,
        connectors,
        defaultConnector,
        fee,
        fees,
        retry,
        keyLife,
        amountMax,
        horizon,
        scan,
        limits,
        asked);
  }
}
