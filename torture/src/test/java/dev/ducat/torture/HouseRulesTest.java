package dev.ducat.torture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Who may import whom, and what nobody may use: DESIGN §1, held over every module at once. */
@AnalyzeClasses(packages = "dev.ducat", importOptions = HouseRulesTest.WhatShips.class)
final class HouseRulesTest {

  /** Tests of every module stay out, test jars and the classes of a fast build included. */
  static final class WhatShips implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("/test-classes/") && !location.contains("-tests.jar");
    }
  }

  private static final String[] VERTICLES = {
    "dev.ducat.gateway..", "dev.ducat.saga..", "dev.ducat.ledger..", "dev.ducat.relay.."
  };

  private static final DescribedPredicate<JavaClass> OURS = resideInAPackage("dev.ducat..");

  private static final DescribedPredicate<JavaClass> SQL_CLIENT =
      resideInAnyPackage("io.vertx.sqlclient..", "io.vertx.pgclient..");

  private static final DescribedPredicate<JavaClass> IS_LANE =
      assignableTo("dev.ducat.kernel.lane.LaneActor");

  private static final DescribedPredicate<JavaMethodCall> READS_THE_WALL_CLOCK =
      DescribedPredicate.describe(
          "reads the machine's clock",
          call -> {
            String owner = call.getTargetOwner().getName();
            String name = call.getName();
            return (owner.startsWith("java.time.") && name.equals("now"))
                || (owner.equals("java.lang.System")
                    && (name.equals("currentTimeMillis") || name.equals("nanoTime")));
          });

  /** They speak over the bus; an import would be a second, unseen way between two actors. */
  @ArchTest
  static final ArchRule verticlesNeverImportEachOther =
      slices()
          .matching("dev.ducat.(gateway|saga|ledger|relay)..")
          .should()
          .notDependOnEachOther()
          .allowEmptyShould(true);

  @ArchTest static final ArchRule gatewayImportsOnlyProtoAndKernel = importsOnlyShared("gateway");
  @ArchTest static final ArchRule sagaImportsOnlyProtoAndKernel = importsOnlyShared("saga");
  @ArchTest static final ArchRule ledgerImportsOnlyProtoAndKernel = importsOnlyShared("ledger");
  @ArchTest static final ArchRule relayImportsOnlyProtoAndKernel = importsOnlyShared("relay");

  @ArchTest
  static final ArchRule kernelImportsNoActor =
      noClasses()
          .that()
          .resideInAPackage("dev.ducat.kernel..")
          .should()
          .dependOnClassesThat(
              OURS.and(
                  DescribedPredicate.not(
                      resideInAnyPackage("dev.ducat.kernel..", "dev.ducat.proto.."))))
          .allowEmptyShould(true);

  /**
   * Users put the consumer library on their own class path: it brings nothing of ours along. Its
   * example reads payloads, and so depends on the contracts as its users do.
   */
  @ArchTest
  static final ArchRule consumerStandsAlone =
      noClasses()
          .that()
          .resideInAPackage("dev.ducat.consumer..")
          .and()
          .resideOutsideOfPackage("dev.ducat.consumer.example..")
          .should()
          .dependOnClassesThat(
              OURS.and(DescribedPredicate.not(resideInAPackage("dev.ducat.consumer"))))
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule theConsumersExampleKnowsOnlyTheContracts =
      standsOn("consumer", "dev.ducat.proto..");

  @ArchTest static final ArchRule embeddedStandsAlone = standsAlone("embedded");

  @ArchTest
  static final ArchRule onlyTheLauncherStartsEmbeddedServices =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "dev.ducat.embedded..", "dev.ducat.launcher..", "dev.ducat.torture..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.ducat.embedded..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule valuesKnowNoVertx =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.ducat.kernel.money..", "dev.ducat.kernel.id..", "dev.ducat.kernel.time..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.vertx..")
          .allowEmptyShould(true);

  /** What decides is pure: it can be tested, replayed and read without a running system. */
  @ArchTest
  static final ArchRule decisionsKnowNoVertx =
      noClasses()
          .that()
          .resideInAPackage("dev.ducat..")
          .and()
          .resideOutsideOfPackage("dev.ducat.proto..")
          .and()
          .haveNameMatching(".*(Rules|Saga)(\\$.*)?")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.vertx..")
          .allowEmptyShould(true);

  /**
   * The launcher opens the pools and hands them down, the consumer library and the kernel's own
   * packages are made around SQL; in a verticle module only the stores touch it.
   */
  @ArchTest
  static final ArchRule onlyStoresTouchSql =
      noClasses()
          .that()
          .resideInAnyPackage(VERTICLES)
          .and()
          .haveNameNotMatching(".*Store(\\$.*)?")
          .and(DescribedPredicate.not(IS_LANE))
          .should()
          .dependOnClassesThat(SQL_CLIENT)
          .allowEmptyShould(true);

  /**
   * A lane's actor is given the connection to load with: it may hand it on to its store, no more.
   */
  @ArchTest
  static final ArchRule lanesOnlyHandTheirConnectionOn =
      noClasses()
          .that()
          .resideInAnyPackage(VERTICLES)
          .and(IS_LANE)
          .should()
          .dependOnClassesThat(SQL_CLIENT.and(DescribedPredicate.not(simpleName("SqlConnection"))))
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule inTheKernelOnlyItsSqlPackagesTouchSql =
      noClasses()
          .that()
          .resideInAPackage("dev.ducat.kernel..")
          .and()
          .resideOutsideOfPackages(
              "dev.ducat.kernel.sql..",
              "dev.ducat.kernel.shard..",
              "dev.ducat.kernel.outbox..",
              "dev.ducat.kernel.lane..",
              // Only carries the pools from the launcher to the stores.
              "dev.ducat.kernel.node..")
          .and()
          .haveNameNotMatching(".*Store(\\$.*)?")
          .should()
          .dependOnClassesThat(SQL_CLIENT)
          .allowEmptyShould(true);

  /**
   * JDBC is for migrations, for the embedded services to see that Postgres answers, and for the
   * auditor, who shares nothing with those it audits.
   */
  @ArchTest
  static final ArchRule jdbcIsForMigrationsOnly =
      noClasses()
          .that()
          .resideInAPackage("dev.ducat..")
          .and()
          .resideOutsideOfPackages(
              "dev.ducat.kernel.sql..",
              "dev.ducat.embedded..",
              "dev.ducat.launcher.check..",
              "dev.ducat.torture..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "org.postgresql..", "org.flywaydb..")
          .allowEmptyShould(true);

  /** Names that say nothing about what a class is for. */
  @ArchTest
  static final ArchRule namesSayWhatTheyAreFor =
      noClasses()
          .that()
          .resideInAPackage("dev.ducat..")
          .and()
          .resideOutsideOfPackage("dev.ducat.proto..")
          .should()
          .haveSimpleNameEndingWith("Manager")
          .orShould()
          .haveSimpleNameEndingWith("Util")
          .orShould()
          .haveSimpleNameEndingWith("Utils")
          .orShould()
          .haveSimpleNameEndingWith("Helper")
          .orShould()
          .haveSimpleNameEndingWith("Impl")
          .allowEmptyShould(true);

  /** Time comes from an injected clock, so that tests can turn it. */
  @ArchTest
  static final ArchRule timeIsInjected =
      noClasses()
          .that()
          .resideInAPackage("dev.ducat..")
          .and()
          .resideOutsideOfPackages(
              "dev.ducat.kernel.time..",
              "dev.ducat.launcher..",
              "dev.ducat.embedded..",
              "dev.ducat.torture..")
          .should()
          .callMethodWhere(READS_THE_WALL_CLOCK)
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule noOldDates =
      noClasses()
          .that()
          .resideInAPackage("dev.ducat..")
          .should()
          .dependOnClassesThat()
          .haveNameMatching("java\\.util\\.(Date|Calendar|GregorianCalendar)")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule logsGoThroughSlf4j =
      noClasses()
          .that()
          .resideInAPackage("dev.ducat..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "java.util.logging..", "org.apache.commons.logging..", "io.vertx.core.logging..")
          .allowEmptyShould(true);

  /** A verticle only wires, so it is the only thing of its module that the launcher deploys. */
  @ArchTest
  static final ArchRule verticlesAreNamedSo =
      classes()
          .that()
          .areAssignableTo("io.vertx.core.VerticleBase")
          .and()
          .resideInAPackage("dev.ducat..")
          .should()
          .haveSimpleNameEndingWith("Verticle")
          .allowEmptyShould(true);

  private static ArchRule importsOnlyShared(String module) {
    return standsOn(module, "dev.ducat.kernel..", "dev.ducat.proto..");
  }

  private static ArchRule standsAlone(String module) {
    return standsOn(module);
  }

  private static ArchRule standsOn(String module, String... shared) {
    String own = "dev.ducat." + module + "..";
    return noClasses()
        .that()
        .resideInAPackage(own)
        .should()
        .dependOnClassesThat(
            OURS.and(DescribedPredicate.not(resideInAPackage(own).or(resideInAnyPackage(shared)))))
        .allowEmptyShould(true);
  }
}
