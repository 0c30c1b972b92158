package dev.evenkeel.saga;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares a bean whose methods with {@link CommandHandler} carry out steps of sagas, of this
 * process or of others. One participant may have several beans.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface SagaParticipant {

  /** Name of the participant, stable for ever: letters, digits, '.', '_' and '-', at most 100. */
  String value();
}
