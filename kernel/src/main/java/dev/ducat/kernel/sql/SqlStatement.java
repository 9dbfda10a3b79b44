package dev.ducat.kernel.sql;

import io.vertx.sqlclient.Tuple;

/**
 * A statement and its parameters, ready to be sent.
 *
 * @param text SQL with every parameter cast ({@code $1::bigint[]}), one constant text per statement
 */
public record SqlStatement(String text, Tuple parameters) {}
