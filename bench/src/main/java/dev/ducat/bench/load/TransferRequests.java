package dev.ducat.bench.load;

import dev.ducat.kernel.id.IdKind;
import dev.ducat.kernel.id.Ids;
import dev.ducat.kernel.time.SystemClock;
import dev.ducat.proto.ledger.v1.CreateTransfersRequest;
import dev.ducat.proto.ledger.v1.NewTransfer;
import dev.ducat.proto.ledger.v1.TransferKind;
import io.netty.buffer.ByteBuf;

/**
 * CreateTransfers: batches among {@link Wallets}, each transfer from one wallet to another, ids in
 * order of time as a client's generator makes them.
 */
final class TransferRequests implements Requests {
  /** Of the id, the last ten digits count up: 50 bits, none of them of the UUID's own. */
  private static final int COUNT_DIGITS = 10;

  private static final int DIGIT_BITS = 5;
  private static final byte[] DIGITS =
      "0123456789abcdefghjkmnpqrstvwxyz".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

  /** Coprime to the number of wallets, so that pairs differ and each wallet is met alike. */
  private static final int STRIDE = 389;

  private final int batch = Workload.TRANSFERS.operationsPerCall();
  private final Template template;
  private final int[] idsAt = new int[batch];
  private final int[] debitsAt = new int[batch];
  private final int[] creditsAt = new int[batch];

  TransferRequests(long run) {
    String id = IdKind.TRANSFER.text(new Ids(new SystemClock()).next());
    String wallet = Wallets.name(0);
    CreateTransfersRequest.Builder request = CreateTransfersRequest.newBuilder();
    for (int i = 0; i < batch; i++) {
      NewTransfer.Builder transfer =
          request
              .addTransfersBuilder()
              .setTransferId(id)
              .setKind(TransferKind.TRANSFER_KIND_POST)
              .setDebitAccount(wallet)
              .setCreditAccount(wallet)
              .setReference("bench-" + Long.toHexString(run));
      transfer.getAmountBuilder().setCurrencyCode(Wallets.CURRENCY).setMinorUnits(1);
    }
    template = new Template(request.build().toByteArray());
    int at = 0;
    for (int i = 0; i < batch; i++) {
      at = template.find(id, at);
      idsAt[i] = at + id.length() - COUNT_DIGITS;
      at = template.find(wallet, at);
      debitsAt[i] = at + Wallets.PREFIX.length();
      at = template.find(wallet, at + 1);
      creditsAt[i] = at + Wallets.PREFIX.length();
    }
  }

  @Override
  public String path() {
    return "/ducat.ledger.v1.LedgerService/CreateTransfers";
  }

  @Override
  public int length() {
    return template.bytes.length;
  }

  @Override
  public void write(long number, ByteBuf out) {
    for (int i = 0; i < batch; i++) {
      long n = number * batch + i;
      count(idsAt[i], n);
      template.letters(debitsAt[i], Wallets.LETTERS, n % Wallets.COUNT);
      template.letters(creditsAt[i], Wallets.LETTERS, (n + STRIDE) % Wallets.COUNT);
    }
    out.writeBytes(template.bytes);
  }

  /** The result of the first transfer, which stands for all: the books are counted afterwards. */
  @Override
  public int outcome(ByteBuf message, int index, int length) {
    // outcomes {1: {transfer_id {1: text}, result {2: number}, ...}}
    int inner = index + 1;
    while (inner < index + length && message.getByte(inner) < 0) {
      inner++;
    }
    int id = inner + 1;
    if (id + 2 >= index + length || message.getByte(id) != 0x0a) {
      return 0;
    }
    int result = id + 2 + message.getUnsignedByte(id + 1);
    boolean there = result + 1 < index + length && message.getByte(result) == 0x10;
    return there ? message.getByte(result + 1) : 0;
  }

  @Override
  public boolean isGood(int outcome) {
    return outcome == 1;
  }

  private void count(int at, long number) {
    long rest = number;
    for (int i = at + COUNT_DIGITS - 1; i >= at; i--) {
      template.bytes[i] = DIGITS[(int) (rest & (DIGITS.length - 1))];
      rest >>>= DIGIT_BITS;
    }
  }
}
