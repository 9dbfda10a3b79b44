package dev.ducat.torture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import dev.ducat.gateway.GatewaySettings;
import dev.ducat.gateway.GatewayVerticle;
import dev.ducat.kernel.node.Node;
import io.vertx.core.VerticleBase;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests that make a verticle, themselves or through a harness of theirs, get their Vert.x from
 * {@link VertxExtension}: it is closed, and what runs on it is seen to end, whatever the test does.
 */
final class VerticleTestsTest {
  private static final ArchRule TESTS_OF_VERTICLES_USE_THE_EXTENSION =
      ArchRuleDefinition.classes()
          .should(
              new ArchCondition<>("carry VertxExtension if they test a verticle") {
                @Override
                public void check(JavaClass test, ConditionEvents events) {
                  if (holdsTests(test) && makesAVerticle(test) && !carriesTheExtension(test)) {
                    events.add(
                        SimpleConditionEvent.violated(
                            test, test.getName() + " makes a verticle without VertxExtension"));
                  }
                }
              });

  @Test
  void testsOfVerticlesUseTheExtension() throws IOException {
    JavaClasses all = new ClassFileImporter().importPaths(testClassesOfAllModules());
    Set<String> modules = new HashSet<>();
    all.stream()
        .filter(each -> holdsTests(each) && makesAVerticle(each))
        .forEach(each -> modules.add(each.getPackageName()));
    // Where these are not found the rule has looked at nothing.
    assertThat(modules)
        .contains("dev.ducat.gateway", "dev.ducat.saga", "dev.ducat.ledger", "dev.ducat.relay");
    TESTS_OF_VERTICLES_USE_THE_EXTENSION.check(
        all.that(
            com.tngtech.archunit.base.DescribedPredicate.describe(
                "not planted here",
                each -> !each.getName().startsWith(VerticleTestsTest.class.getName()))));
  }

  @Test
  void findsTheOneThatDoesWithout() {
    JavaClasses planted =
        new ClassFileImporter().importClasses(Without.class, With.class, Harness.class);
    assertThat(
            TESTS_OF_VERTICLES_USE_THE_EXTENSION.evaluate(planted).getFailureReport().getDetails())
        .containsExactly(Without.class.getName() + " makes a verticle without VertxExtension");
  }

  private static boolean holdsTests(JavaClass each) {
    return each.getAllMethods().stream()
        .anyMatch(
            method ->
                method.isAnnotatedWith(Test.class)
                    || method.isMetaAnnotatedWith("org.junit.jupiter.api.TestTemplate"));
  }

  /** Goes through the harnesses of the tests, and no further: what ships may make what it likes. */
  private static boolean makesAVerticle(JavaClass test) {
    String tests = testClassesOf(test);
    Set<JavaClass> seen = new HashSet<>(Set.of(test));
    Deque<JavaClass> open = new ArrayDeque<>(seen);
    while (!open.isEmpty()) {
      JavaClass each = open.pop();
      if (each.getConstructorCallsFromSelf().stream()
          .anyMatch(call -> call.getTargetOwner().isAssignableTo(VerticleBase.class))) {
        return true;
      }
      each.getDirectDependenciesFromSelf().stream()
          .map(Dependency::getTargetClass)
          .map(JavaClass::getBaseComponentType)
          .filter(used -> used.getSource().isPresent() && testClassesOf(used).equals(tests))
          .filter(seen::add)
          .forEach(open::push);
    }
    return false;
  }

  /** Where a class lies, in a folder or in a jar. */
  private static String testClassesOf(JavaClass each) {
    String file = each.getSource().orElseThrow().getUri().toString();
    return file.substring(0, file.length() - (each.getName().length() + ".class".length()));
  }

  private static boolean carriesTheExtension(JavaClass test) {
    return Stream.concat(Stream.of(test), test.getAllRawSuperclasses().stream())
        .flatMap(each -> each.tryGetAnnotationOfType(ExtendWith.class).stream())
        .anyMatch(with -> Arrays.asList(with.value()).contains(VertxExtension.class));
  }

  /** Those of a fast build where this is one. */
  private static List<Path> testClassesOfAllModules() throws IOException {
    Path own =
        Path.of(
            VerticleTestsTest.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    Path module = Path.of("").toAbsolutePath();
    Path inModule = module.relativize(own);
    try (Stream<Path> files = Files.find(module.getParent(), 3, (path, any) -> isModule(path))) {
      return files.map(each -> each.resolve(inModule)).filter(Files::isDirectory).toList();
    }
  }

  private static boolean isModule(Path path) {
    return Files.isRegularFile(path.resolve("pom.xml"));
  }

  /** A planted one: it makes a verticle through its harness and closes nothing. */
  static final class Without {
    @Test
    void leavesWhatItMade() {
      Harness.make(null);
    }
  }

  @ExtendWith(VertxExtension.class)
  static final class With {
    @Test
    void isClosedByTheExtension() {
      Harness.make(null);
    }
  }

  static final class Harness {
    static @Nullable GatewayVerticle make(@Nullable Node node) {
      return node == null ? null : new GatewayVerticle(node, GatewaySettings.defaults());
    }
  }
}
