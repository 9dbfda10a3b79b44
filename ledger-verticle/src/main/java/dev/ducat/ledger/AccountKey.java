package dev.ducat.ledger;

/** What an account is known by. */
record AccountKey(String tenant, String name, String currency) {}
