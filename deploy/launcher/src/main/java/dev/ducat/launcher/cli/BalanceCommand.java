package dev.ducat.launcher.cli;

import dev.ducat.proto.ledger.v1.Account;
import dev.ducat.proto.ledger.v1.LedgerServiceGrpcClient;
import dev.ducat.proto.ledger.v1.ListAccountsRequest;
import dev.ducat.proto.ledger.v1.ListAccountsResponse;
import dev.ducat.proto.ledger.v1.NormalSide;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "balance",
    description = "Print the accounts of a merchant, or all.",
    mixinStandardHelpOptions = true)
final class BalanceCommand extends ClientCommand {
  private static final int PAGE = 1_000;

  @Parameters(
      arity = "0..1",
      paramLabel = "MERCHANT",
      description = "Only this merchant's accounts.")
  private @Nullable String merchant;

  @Option(names = "--prefix", defaultValue = "", description = "Only accounts of this prefix.")
  private String prefix = "";

  @Option(names = "--currency", defaultValue = "", description = "Only of this currency.")
  private String currency = "";

  @Override
  int run() {
    List<Account> accounts = read();
    if (json()) {
      accounts.forEach(account -> out().println(Shown.json(account)));
      return Shown.DONE;
    }
    Table table = new Table("account", "side", ">posted", ">held", "currency");
    for (Account account : accounts) {
      boolean debit = account.getNormalSide() == NormalSide.NORMAL_SIDE_DEBIT;
      long net = account.getDebitsPosted() - account.getCreditsPosted();
      long held = account.getDebitsPending() - account.getCreditsPending();
      table.row(
          account.getName(),
          debit ? "debit" : "credit",
          Shown.money(account.getCurrencyCode(), debit ? net : -net),
          Shown.money(account.getCurrencyCode(), debit ? held : -held),
          account.getCurrencyCode());
    }
    out().print(table.isEmpty() ? "no accounts\n" : table.toString());
    return Shown.DONE;
  }

  private List<Account> read() {
    List<Account> accounts = new ArrayList<>();
    ListAccountsRequest.Builder request =
        ListAccountsRequest.newBuilder()
            .setNamePrefix(merchant == null ? prefix : "merchant:" + merchant + ":")
            .setCurrencyCode(currency)
            .setPageSize(PAGE);
    do {
      ListAccountsResponse page =
          ask(LedgerServiceGrpcClient.ListAccounts, request.build()).message();
      accounts.addAll(page.getAccountsList());
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
    return accounts;
  }
}
