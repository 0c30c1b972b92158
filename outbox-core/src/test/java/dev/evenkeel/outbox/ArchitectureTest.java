package dev.evenkeel.outbox;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.evenkeel.outbox",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule coreKnowsNoModuleAbove =
      noClasses()
          .should()
          .dependOnClassesThat(
              resideInAPackage("dev.evenkeel..")
                  .and(not(resideInAPackage("dev.evenkeel.outbox.."))))
          .because("dependencies point downwards only");

  @ArchTest
  static final ArchRule coreKnowsNoSpringBoot =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.springframework.boot..", "io.debezium..", "org.apache.kafka..");

  @ArchTest
  static final ArchRule coreKnowsNoMapperAndNoMeters =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("jakarta.persistence..", "org.hibernate..", "io.micrometer..")
          .because("they come in through the spi");

  @ArchTest
  static final ArchRule spiKnowsOfTheCoreOnlyTheMessage =
      noClasses()
          .that()
          .resideInAPackage("dev.evenkeel.outbox.spi")
          .should()
          .dependOnClassesThat(
              resideInAPackage("dev.evenkeel.outbox").and(not(equivalentTo(OutboxMessage.class))));

  @ArchTest
  static final ArchRule spiIsPublic =
      classes()
          .that()
          .resideInAPackage("dev.evenkeel.outbox.spi")
          .and()
          .areTopLevelClasses()
          .and()
          .doNotHaveSimpleName("package-info")
          .should()
          .bePublic();

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
          .arePublic()
          .should()
          .haveRawReturnType(
              describe(
                  "a type that callers can name",
                  type ->
                      !type.getPackageName().startsWith("dev.evenkeel")
                          || type.getModifiers().contains(JavaModifier.PUBLIC)));
}
