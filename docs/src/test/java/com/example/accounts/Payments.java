package com.example.accounts;

import dev.evenkeel.saga.Retry;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.saga.StepKind;
import dev.evenkeel.shard.Sharded;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

record Pay(UUID paymentId, UUID from, UUID to, long cents) {}

class NotEnough extends RuntimeException {}

class AccountClosed extends RuntimeException {}

@Component
@Saga(name = "pay", version = 1, key = "paymentId", shardKey = "from", deadline = "PT5M")
record PaySaga(JdbcClient database) implements SagaFor<Pay> {

  @SagaStep(
      after = {},
      shardKey = "from", // a transaction on this account's shard
      compensation = "giveBack",
      retry = @Retry(noRetryFor = NotEnough.class))
  void take(Pay payment) {
    if (add(payment.from(), -payment.cents()) == 0) {
      throw new NotEnough();
    }
  }

  void giveBack(Pay payment) { // only if the money was taken
    add(payment.from(), payment.cents());
  }

  @SagaStep(
      after = "take",
      kind = StepKind.PIVOT, // once it has happened, nothing is undone
      shardKey = "to",
      retry = @Retry(noRetryFor = AccountClosed.class))
  void give(Pay payment) {
    if (add(payment.to(), payment.cents()) == 0) {
      throw new AccountClosed();
    }
  }

  private int add(UUID account, long cents) {
    return database
        .sql("UPDATE balance SET cents = cents + ? WHERE account_id = ? AND cents + ? >= 0")
        .params(cents, account, cents)
        .update();
  }
}

@Service
class Payments {
  private final Sagas sagas;

  Payments(Sagas sagas) {
    this.sagas = sagas;
  }

  @Sharded(key = "payment.from")
  @Transactional
  public UUID pay(Pay payment) {
    return sagas.start(payment).id(); // commits with whatever else this method writes
  }
}
