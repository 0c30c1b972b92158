package dev.evenkeel.autoconfigure;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Set;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;

/**
 * Data from outside become no code, in any module that an application runs with: no class is loaded
 * by a name, nothing is deserialized by Java, nothing is evaluated.
 */
@AnalyzeClasses(packages = "dev.evenkeel", importOptions = ImportOption.DoNotIncludeTests.class)
class CodeExecutionTest {

  @ArchTest
  static void nothingIsDeserializedByJava(JavaClasses classes) {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveNameMatching(
            "java\\.io\\.Object(In|Out)putStream|java\\.beans\\.XML(De|En)coder|.*\\.SerializationUtils")
        .check(classes);
  }

  @ArchTest
  static void nothingIsEvaluated(JavaClasses classes) {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "javax.script..",
            "javax.naming..",
            "javax.tools..",
            "org.springframework.expression..",
            "groovy..",
            "org.mvel2..")
        .because("keys are property paths; what routes a Modulith event stands in its module")
        .check(classes);
  }

  @ArchTest
  static void noProcessIsStarted(JavaClasses classes) {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.evenkeel.testing..") // starts PostgreSQL servers
        .should()
        .dependOnClassesThat()
        .areAssignableTo(ProcessBuilder.class)
        .orShould()
        .callMethod(Runtime.class, "exec", String.class)
        .orShould()
        .callMethod(Runtime.class, "exec", String[].class)
        .check(classes);
  }

  /**
   * But by the scan for annotated events, whose names are of classes that lie in the application's
   * packages, and to load early what the relay needs, by names that are written there.
   */
  @ArchTest
  static void noClassIsFoundByAName(JavaClasses classes) {
    noClasses()
        .that()
        .doNotHaveSimpleName("OutboxEventScanner")
        .and()
        .doNotHaveSimpleName("DebeziumStream")
        .should(callAnyOf("java.lang.Class.forName", "java.lang.ClassLoader.loadClass"))
        .orShould(
            callAnyOf(
                "org.springframework.util.ClassUtils.forName",
                "org.springframework.util.ClassUtils.resolveClassName",
                "java.lang.invoke.MethodHandles$Lookup.findClass"))
        .check(classes);
  }

  @ArchTest
  static void noPayloadSaysItsOwnClass(JavaClasses classes) {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveNameMatching(
            ".*\\.(JsonTypeInfo|PolymorphicTypeValidator|BasicPolymorphicTypeValidator|DefaultTyping)(\\$.*)?")
        .check(classes);
  }

  @ArchTest
  static void whatChangesSomethingLooksAtItsCaller(JavaClasses classes) {
    methods()
        .that()
        .areAnnotatedWith(WriteOperation.class)
        .or()
        .areAnnotatedWith(DeleteOperation.class)
        .should(haveAParameterOf(SecurityContext.class))
        .check(classes);
  }

  private static ArchCondition<JavaClass> callAnyOf(String... names) {
    return new ArchCondition<>("call any of " + String.join(", ", names)) {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        type.getMethodCallsFromSelf().stream()
            .filter(
                call ->
                    Set.of(names).contains(call.getTargetOwner().getName() + "." + call.getName()))
            .forEach(
                call -> events.add(SimpleConditionEvent.satisfied(call, call.getDescription())));
      }
    };
  }

  private static ArchCondition<JavaMethod> haveAParameterOf(Class<?> type) {
    return new ArchCondition<>("have a parameter of " + type.getSimpleName()) {
      @Override
      public void check(JavaMethod method, ConditionEvents events) {
        boolean has = method.getRawParameterTypes().stream().anyMatch(p -> p.isEquivalentTo(type));
        events.add(new SimpleConditionEvent(method, has, method.getFullName()));
      }
    };
  }
}
