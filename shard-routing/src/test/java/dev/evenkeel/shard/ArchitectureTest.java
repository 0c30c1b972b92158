package dev.evenkeel.shard;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.evenkeel.shard",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule dependenciesPointDownwards =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.springframework.boot..",
              "dev.evenkeel.relay..",
              "dev.evenkeel.autoconfigure..",
              "dev.evenkeel.migrations..");

  @ArchTest
  static final ArchRule guardAndLinterKnowNothingOfRouting =
      noClasses()
          .that()
          .resideInAnyPackage("dev.evenkeel.shard.guard..", "dev.evenkeel.shard.lint..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.evenkeel.shard");

  @ArchTest
  static final ArchRule tablesStayInside =
      classes().that().haveSimpleNameEndingWith("Table").should().notBePublic();
}
