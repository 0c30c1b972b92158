package dev.evenkeel.modulith;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.evenkeel.modulith",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule standsOnStarterOutboxSpringAndModulithsEventsOnly =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "dev.evenkeel.modulith..",
              "dev.evenkeel.autoconfigure..",
              "dev.evenkeel.outbox..",
              "org.springframework.beans..",
              "org.springframework.boot.autoconfigure..",
              "org.springframework.context..",
              "org.springframework.core..",
              "org.springframework.expression..",
              "org.springframework.util..",
              "org.springframework.modulith.events..",
              "org.jspecify..");

  /** An application without Modulith's registry has neither these classes nor needs them. */
  @ArchTest
  static final ArchRule needsNothingOfModulithsRegistry =
      noClasses()
          .that()
          .doNotHaveSimpleName("ExternalizationCheck")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.springframework.modulith.events.config..",
              "org.springframework.modulith.events.core..",
              "org.springframework.modulith.events.support..");
}
