package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.ActionStep;

/**
 * Something to do on a shard for one step of one instance.
 *
 * @param instance as it was decided by
 * @param code what is called for it
 * @param slot of the step
 * @param shard that the slot lies on
 * @param readFirst whether its row may be there already
 */
record StepTask(
    SagaRun run,
    InstanceState instance,
    ActionStep step,
    StepCode code,
    Decision.Effect effect,
    int slot,
    String shard,
    boolean readFirst) {}
