package dev.evenkeel.relay;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Set;

@AnalyzeClasses(
    packages = "dev.evenkeel.relay",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  /** What users and the starter see; a class is added here on purpose or not at all. */
  private static final Set<String> PUBLIC =
      Set.of(
          "ConnectConnector",
          "ConnectionSettings",
          "DoctorOptions",
          "JanitorOptions",
          "PollingOptions",
          "Relay",
          "RelayFinding",
          "RelayMode",
          "RelayGroup",
          "RelayOptions",
          "RelayState",
          "RelayStatus");

  /** Has to be public, and is for nobody else. */
  private static final Set<String> MADE_BY_DEBEZIUM =
      Set.of("NoSource", "EpochMicros", "PatientQueue");

  @ArchTest
  static final ArchRule relayKnowsOnlyTheCore =
      noClasses()
          .should()
          .dependOnClassesThat(
              resideInAPackage("dev.evenkeel..")
                  .and(not(resideInAPackage("dev.evenkeel.outbox..")))
                  .and(not(resideInAPackage("dev.evenkeel.relay.."))))
          .because("dependencies point downwards only");

  @ArchTest
  static final ArchRule relayKnowsNoSpringBoot =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.springframework.boot..", "io.micrometer..", "org.apache.kafka.clients..");

  @ArchTest
  static final ArchRule onlyTheStreamKnowsDebezium =
      noClasses()
          .that()
          .doNotHaveSimpleName("Captured")
          .and()
          .doNotHaveSimpleName("StreamPosition")
          .and()
          .haveNameNotMatching(".*\\.(" + String.join("|", MADE_BY_DEBEZIUM) + ")")
          .and(
              describe(
                  "not the stream itself",
                  (JavaClass type) -> !type.getFullName().contains("DebeziumStream")))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.debezium..", "org.apache.kafka.connect..")
          .because("another engine must be a change of few classes");

  @ArchTest
  static final ArchRule onlyIntendedClassesArePublic =
      classes()
          .that()
          .areTopLevelClasses()
          .and()
          .arePublic()
          .should()
          .haveNameMatching(
              ".*\\.(" + String.join("|", PUBLIC) + "|" + String.join("|", MADE_BY_DEBEZIUM) + ")");

  @ArchTest
  static final ArchRule tablesStayInside =
      classes().that().haveSimpleNameEndingWith("Table").should().notBePublic();

  @ArchTest
  static final ArchRule publicMethodsSpeakInPublicTypes =
      methods()
          .that()
          .arePublic()
          .and()
          .areDeclaredInClassesThat()
          .haveNameMatching(".*\\.(" + String.join("|", PUBLIC) + ")")
          .should()
          .haveRawReturnType(
              describe(
                  "a type that callers can name",
                  type ->
                      !type.getPackageName().startsWith("dev.evenkeel")
                          || type.getModifiers().contains(JavaModifier.PUBLIC)));
}
