package dev.ducat.saga;

/** What a saga carries out. The names are stored. */
public enum SagaKind {
  /** CreatePayment: a payment from its request to its end. */
  PAYMENT
}
