package dev.evenkeel.autoconfigure;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** Matches when {@code evenkeel.shards} names any. */
final class OnShardsCondition extends SpringBootCondition {

  @Override
  public ConditionOutcome getMatchOutcome(
      ConditionContext context, AnnotatedTypeMetadata metadata) {
    ConditionMessage.Builder message = ConditionMessage.forCondition("Shards");
    boolean sharded = areConfigured(context.getEnvironment());
    return new ConditionOutcome(
        sharded, message.because(sharded ? "evenkeel.shards is set" : "evenkeel.shards is empty"));
  }

  static boolean areConfigured(Environment environment) {
    return Binder.get(environment)
        .bind("evenkeel.shards", Bindable.mapOf(String.class, Object.class))
        .map(shards -> !shards.isEmpty())
        .orElse(false);
  }
}
