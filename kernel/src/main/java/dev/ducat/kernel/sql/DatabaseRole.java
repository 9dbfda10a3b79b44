package dev.ducat.kernel.sql;

/** What a connection may do. One user logs in, and each connection takes a role at once. */
public enum DatabaseRole {
  /** Lanes, leases and the relay: writes, and cannot change what is append-only. */
  WRITER("ducat_writer"),

  /** Queries beside the lanes. */
  READER("ducat_reader"),

  /** Verification of everything. */
  CHECKER("ducat_checker");

  private final String sqlName;

  DatabaseRole(String sqlName) {
    this.sqlName = sqlName;
  }

  /** Its name in Postgres, made by the migrations. */
  public String sqlName() {
    return sqlName;
  }
}
