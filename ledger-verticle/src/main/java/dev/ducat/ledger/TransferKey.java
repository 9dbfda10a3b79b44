package dev.ducat.ledger;

import java.util.UUID;

/** A transfer's id: unique within its tenant, so that no tenant can learn or take another's. */
record TransferKey(String tenant, UUID id) {}
