package dev.ducat.ledger;

import java.util.List;

/**
 * Transfers decided in order, in chains that stand or fall as one.
 *
 * @param platform whether a saga asks: it may move the platform's own accounts, which open on first
 *     use
 * @param traceparent W3C trace context, or empty
 */
record TransferGroupCommand(
    String tenant, List<TransferCommand> transfers, boolean platform, String traceparent) {}
