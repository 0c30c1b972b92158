package dev.evenkeel.sample.orders.customer;

import dev.evenkeel.saga.CommandHandler;
import dev.evenkeel.saga.SagaParticipant;
import dev.evenkeel.sample.orders.service.OfCustomers;
import org.springframework.stereotype.Component;

/**
 * What sagas may ask of a customer's credit, from wherever they run. Each command is one
 * transaction on the customer's shard.
 */
@Component
@OfCustomers
@SagaParticipant("credit")
class CreditParticipant {

  private final CreditService credit;

  CreditParticipant(CreditService credit) {
    this.credit = credit;
  }

  @CommandHandler(shardKey = "customerId", compensation = "release", refusals = CreditRefused.class)
  CreditReserved reserve(ReserveCredit command) {
    return credit.reserve(command.customerId(), command.orderId(), command.amount());
  }

  void release(ReserveCredit command, CreditReserved reserved) {
    credit.release(command.customerId(), command.orderId(), reserved);
  }

  @CommandHandler(shardKey = "customerId")
  void use(UseCredit command) {
    credit.use(command.customerId(), command.orderId(), command.reserved());
  }
}
