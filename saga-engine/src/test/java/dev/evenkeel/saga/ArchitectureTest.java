package dev.evenkeel.saga;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.evenkeel.saga",
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
  static final ArchRule standsOnOutboxRoutingTransactionsAndJdbcOnly =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "javax.sql..",
              "dev.evenkeel.saga..",
              "dev.evenkeel.outbox..",
              "dev.evenkeel.shard..",
              "org.springframework.core..",
              "org.springframework.util..",
              "org.springframework.dao..",
              "org.springframework.jdbc..",
              "org.springframework.transaction..",
              "tools.jackson..",
              "com.fasterxml.jackson.annotation..",
              "com.fasterxml.uuid..",
              "org.postgresql..",
              "org.slf4j..",
              "org.jspecify..");

  @ArchTest
  static final ArchRule definitionsKnowNothingOfTheEngine =
      noClasses()
          .that()
          .resideInAPackage("dev.evenkeel.saga.definition")
          .should()
          .dependOnClassesThat(
              resideInAPackage("dev.evenkeel.saga")
                  .and(
                      describe(
                          "are the engine or not public",
                          (JavaClass c) ->
                              !c.getModifiers().contains(PUBLIC)
                                  || c.isEquivalentTo(SagaEngine.class))));

  @ArchTest
  static final ArchRule tablesStayInside =
      classes()
          .that()
          .haveSimpleNameEndingWith("Table")
          .should()
          .notBePublic()
          .allowEmptyShould(true);
}
