package dev.evenkeel.testing.saga;

import java.lang.reflect.Constructor;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;
import org.junit.platform.commons.support.AnnotationSupport;

/** Makes a test of each case of {@link SagaTest}. */
final class SagaTestExtension implements TestTemplateInvocationContextProvider {

  private static final String STORE = "evenkeel.saga.test";
  private static final String DATABASE = "database";

  @Override
  public boolean supportsTestTemplate(ExtensionContext context) {
    return AnnotationSupport.isAnnotated(context.getTestMethod(), SagaTest.class);
  }

  @Override
  public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
      ExtensionContext context) {
    SagaTest test =
        AnnotationSupport.findAnnotation(context.getTestMethod(), SagaTest.class).orElseThrow();
    if (context.getConfigurationParameter(STORE).filter(DATABASE::equals).isEmpty()) {
      return SagaCases.of(() -> scenario(test.value())).stream().map(Invocation::new);
    }
    DatabaseRun database = new DatabaseRun();
    return DatabaseCases.of(() -> scenario(test.value()), database).stream()
        .<TestTemplateInvocationContext>map(Invocation::new)
        .onClose(database::close);
  }

  private static SagaScenario scenario(Class<? extends SagaScenario> type) {
    try {
      Constructor<? extends SagaScenario> constructor = type.getDeclaredConstructor();
      constructor.trySetAccessible();
      return constructor.newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(
          "%s must be a class with a constructor without parameters that does not fail: %s"
              .formatted(type.getName(), e),
          e);
    }
  }

  /** One case. */
  private static final class Invocation
      implements TestTemplateInvocationContext, BeforeTestExecutionCallback, ParameterResolver {

    private final SagaCase tested;
    private @Nullable SagaOutcome outcome;

    Invocation(SagaCase tested) {
      this.tested = tested;
    }

    @Override
    public String getDisplayName(int invocationIndex) {
      return tested.name();
    }

    @Override
    public List<Extension> getAdditionalExtensions() {
      return List.of(this);
    }

    @Override
    public void beforeTestExecution(ExtensionContext context) {
      outcome = tested.run();
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == SagaOutcome.class;
    }

    @Override
    public @Nullable Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return outcome;
    }
  }
}
