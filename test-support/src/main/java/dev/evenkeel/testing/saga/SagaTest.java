package dev.evenkeel.testing.saga;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests a saga in everything that can go wrong with it: one test for each of its {@link SagaCases},
 * by name. Each is judged by the scenario's invariants, and by what holds of every saga: it ends,
 * nothing fails by itself, nothing is undone that was not done or that the pivot has made final, no
 * step touches another shard's rows, nothing stays locked.
 *
 * <pre>{@code
 * @SagaTest(PlaceOrderScenario.class)
 * void isWholeOrNotAtAll(SagaOutcome end) {}
 * }</pre>
 *
 * <p>With the JUnit configuration parameter or system property {@code evenkeel.saga.test=database}
 * fewer cases run, by engines on a real PostgreSQL: what fails, crashes before and after the commit
 * of each step and compensation, a second start and a cancel, on two nodes. Participants are in the
 * process then.
 *
 * <p>The method is called with the outcome after it was judged, and may ask for more of it. It may
 * as well have no parameter.
 */
@Documented
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(SagaTestExtension.class)
public @interface SagaTest {

  /** What is tested: a class with a constructor without parameters, called for each test. */
  Class<? extends SagaScenario> value();
}
