package dev.ducat.bench.load;

/** What the calls ask for. */
public enum Workload {
  /** CreatePayment by {@code sim_ok}, merchants taking turns among 1,000. */
  PAYMENTS_SPREAD(1),

  /** CreatePayment by {@code sim_ok}, all for one merchant. */
  PAYMENTS_HOT(1),

  /** CreateTransfers among 1,000 wallets that cannot be overdrawn, 100 per call. */
  TRANSFERS(100);

  private final int operationsPerCall;

  Workload(int operationsPerCall) {
    this.operationsPerCall = operationsPerCall;
  }

  /** How many operations one good answer stands for. */
  public int operationsPerCall() {
    return operationsPerCall;
  }
}
