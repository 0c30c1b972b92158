package dev.evenkeel.testing.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.CommandHandler;
import dev.evenkeel.saga.IdempotencyKey;
import dev.evenkeel.saga.ResultOf;
import dev.evenkeel.saga.Retry;
import dev.evenkeel.saga.SagaParticipant;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.testing.saga.PlaceOrder.Line;
import dev.evenkeel.testing.saga.PlaceOrder.Missing;
import dev.evenkeel.testing.saga.PlaceOrder.Reserved;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Bugs as people make them, each in a copy of {@link PlaceOrderSaga}: the cases find them. */
class PlantedBugsTest {

  private static final String PLAIN = "nothing happens";

  /** Of these cases those that fail, with what they say. */
  private static Map<String, String> found(Supplier<SagaScenario> scenarios, String... names) {
    Map<String, String> found = new TreeMap<>();
    for (SagaCase tested : SagaCases.of(scenarios)) {
      if (List.of(names).contains(tested.name())) {
        try {
          tested.run();
        } catch (AssertionError e) {
          found.put(tested.name(), String.valueOf(e.getMessage()));
        }
      }
    }
    return found;
  }

  // ---- missing idempotency in a compensation

  /** Its compensation is called again where nobody knows whether it was. */
  static final class PaysBackTwice extends PlaceOrderSaga {
    PaysBackTwice(Shop shop) {
      super(shop);
    }

    @Override
    void payBack(PlaceOrder order, IdempotencyKey key) {
      shop.payments.payBack(order.total());
    }
  }

  static final class PaysBackTwiceScenario extends PlaceOrderScenario {
    @Override
    public Object saga() {
      return new PaysBackTwice(shop);
    }
  }

  @Test
  void compensationThatIsNotIdempotent() {
    String crash = "crash before the commit of undo pay/0, when cancelled at register/0";
    String failure = "undo pay/0 fails 2 times, when cancelled at register/0";
    assertThat(found(PaysBackTwiceScenario::new, PLAIN, "confirm/0 fails for good", crash, failure))
        .containsOnlyKeys(crash, failure)
        .hasEntrySatisfying(
            crash,
            report ->
                assertThat(report)
                    .contains(
                        "[paid]", "-100", "the process ends before the commit of undo pay/0"));
  }

  // ---- wrong shard key

  static final class WrongShard extends PlaceOrderSaga {
    WrongShard(Shop shop) {
      super(shop);
    }

    @Override
    @SagaStep(
        after = "register",
        forEach = "lines",
        shardKey = "customerId",
        compensation = "releaseStock",
        retry = @Retry(noRetryFor = Missing.class))
    Reserved reserveStock(PlaceOrder order, Line line) {
      return super.reserveStock(order, line);
    }
  }

  static final class WrongShardScenario extends PlaceOrderScenario {
    @Override
    public Object saga() {
      return new WrongShard(shop);
    }
  }

  @Test
  void wrongShardKey() {
    assertThat(found(WrongShardScenario::new, PLAIN))
        .hasEntrySatisfying(
            PLAIN,
            report ->
                assertThat(report)
                    .contains("Row \"sku-a\" of table \"stock\"", "its shard key is another one"));
  }

  // ---- result of a non-ancestor

  /** Takes what a step beside it has left in the bean. */
  static final class ReadsBeside extends PlaceOrderSaga {
    private @Nullable Reserved credit;

    ReadsBeside(Shop shop) {
      super(shop);
    }

    @Override
    @SagaStep(
        after = "register",
        shardKey = "customerId",
        compensation = "releaseCredit",
        retry = @Retry(noRetryFor = Missing.class))
    Reserved reserveCredit(PlaceOrder order) {
      credit = super.reserveCredit(order);
      return credit;
    }

    @Override
    @SagaStep(
        after = "register",
        forEach = "lines",
        shardKey = "sku",
        compensation = "releaseStock",
        retry = @Retry(noRetryFor = Missing.class))
    Reserved reserveStock(PlaceOrder order, Line line) {
      if (credit == null) {
        throw new IllegalStateException("No credit is reserved");
      }
      return super.reserveStock(order, line);
    }
  }

  static final class ReadsBesideScenario extends PlaceOrderScenario {
    @Override
    public Object saga() {
      return new ReadsBeside(shop);
    }
  }

  @Test
  void resultOfAStepThatIsNoAncestor() {
    String order = "of steps that can run, the last one runs first";
    String crash = "crash after the commit of reserveCredit/0";
    assertThat(found(ReadsBesideScenario::new, PLAIN, order, crash)).containsOnlyKeys(order, crash);
  }

  // ---- undo of more than was done

  static final class GivesBackMore extends PlaceOrderSaga {
    GivesBackMore(Shop shop) {
      super(shop);
    }

    @Override
    void releaseStock(Line line, @ResultOf("reserveStock") Reserved own) {
      release(line, line.quantity());
    }
  }

  static final class GivesBackMoreScenario extends PlaceOrderScenario {
    @Override
    public Object saga() {
      return new GivesBackMore(shop);
    }
  }

  @Test
  void undoOfMoreThanWasDone() {
    assertThat(found(GivesBackMoreScenario::new, PLAIN, "confirm/0 fails for good"))
        .hasEntrySatisfying(
            "confirm/0 fails for good", report -> assertThat(report).contains("[free]"))
        .doesNotContainKey(PLAIN);
  }

  // ---- refusal after the pivot

  /** Looks at what is free, of which nothing is left. */
  @SagaParticipant("shipping")
  static final class RefusingShipping extends Shipping {
    RefusingShipping(Shop shop) {
      super(shop);
    }

    @Override
    @CommandHandler(shardKey = "sku", refusals = Missing.class)
    void on(ShipLine command) {
      if (shop.stock.get(command.sku()).free() < command.pieces()) {
        throw new Missing(command.sku());
      }
      super.on(command);
    }
  }

  static final class RefusesTooLateScenario extends PlaceOrderScenario {
    @Override
    public List<Object> participants() {
      return List.of(new RefusingShipping(shop), new Loyalty(shop));
    }
  }

  @Test
  void refusalAfterThePivot() {
    assertThat(found(RefusesTooLateScenario::new, PLAIN, "participants in this process"))
        .hasEntrySatisfying(
            PLAIN,
            report ->
                assertThat(report)
                    .contains("DO of ship/1 failed at its participant: Missing", "confirm/0"))
        .containsKey("participants in this process");
  }

  // ---- lock never released

  static final class KeepsItsLock extends PlaceOrderSaga {
    KeepsItsLock(Shop shop) {
      super(shop);
    }

    @Override
    void releaseCredit(PlaceOrder order, @ResultOf("reserveCredit") Reserved own) {
      super.releaseCredit(order, own);
      shop.locks.save(new Shop.Lock("credit of " + order.customerId(), order.customerId()));
    }
  }

  static final class KeepsItsLockScenario extends PlaceOrderScenario {
    @Override
    public Object saga() {
      return new KeepsItsLock(shop);
    }
  }

  @Test
  void lockThatIsNeverReleased() {
    assertThat(found(KeepsItsLockScenario::new, PLAIN, "confirm/0 fails for good"))
        .hasEntrySatisfying(
            "confirm/0 fails for good",
            report -> assertThat(report).contains("credit of customer-1", "is held after the end"))
        .doesNotContainKey(PLAIN);
  }
}
