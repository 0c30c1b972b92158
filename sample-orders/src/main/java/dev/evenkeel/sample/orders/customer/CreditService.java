package dev.evenkeel.sample.orders.customer;

import dev.evenkeel.sample.orders.customer.CreditLedger.Kind;
import dev.evenkeel.sample.orders.service.OfCustomers;
import dev.evenkeel.sample.orders.shard.Slots;
import dev.evenkeel.shard.Sharded;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** The credit of customers, each call one transaction on the customer's shard. */
@Service
@OfCustomers
@Sharded(key = "customerId")
public class CreditService {

  private static final BigDecimal NOTHING = new BigDecimal("0.00");

  private final CreditLedger ledger;
  private final Slots slots;
  private final BigDecimal defaultLimit;

  CreditService(
      CreditLedger ledger,
      Slots slots,
      @Value("${orders.credit.default-limit}") BigDecimal defaultLimit) {
    this.ledger = ledger;
    this.slots = slots;
    this.defaultLimit = defaultLimit.setScale(2, RoundingMode.UNNECESSARY);
  }

  /** Makes a customer known with the default limit; one who is known stays as they are. */
  @Transactional
  public void open(long customerId) {
    ledger.lock(customerId, slots.of(customerId), defaultLimit);
  }

  /** The balance; one who is not known has the default limit and has spent nothing. */
  @Transactional(readOnly = true)
  public CreditBalance balance(long customerId) {
    return ledger
        .balance(customerId)
        .orElseGet(() -> new CreditBalance(defaultLimit, NOTHING, NOTHING));
  }

  /**
   * Changes the limit by an entry of the difference.
   *
   * @param limit with two decimals, not negative; it may be below what is spent already
   */
  @Transactional
  public CreditBalance setLimit(long customerId, BigDecimal limit) {
    int slot = slots.of(customerId);
    ledger.lock(customerId, slot, defaultLimit);
    BigDecimal difference = limit.subtract(balance(customerId).creditLimit());
    if (difference.signum() != 0) {
      ledger.append(customerId, slot, Kind.LIMIT, difference, null);
    }
    return balance(customerId);
  }

  /**
   * Sets credit aside for an order.
   *
   * @param amount with two decimals, positive
   * @throws CreditRefused if less is available
   */
  @Transactional
  public CreditReserved reserve(long customerId, UUID orderId, BigDecimal amount) {
    int slot = slots.of(customerId);
    ledger.lock(customerId, slot, defaultLimit);
    BigDecimal available = balance(customerId).available();
    if (available.compareTo(amount) < 0) {
      throw new CreditRefused(customerId, available, amount);
    }
    ledger.append(customerId, slot, Kind.RESERVED, amount, orderId);
    return new CreditReserved(amount);
  }

  /** Gives back what was set aside for an order. */
  @Transactional
  public void release(long customerId, UUID orderId, CreditReserved reserved) {
    int slot = slots.of(customerId);
    ledger.lock(customerId, slot, defaultLimit);
    ledger.append(customerId, slot, Kind.RESERVED, reserved.amount().negate(), orderId);
  }

  /** Spends what was set aside for an order. */
  @Transactional
  public void use(long customerId, UUID orderId, CreditReserved reserved) {
    int slot = slots.of(customerId);
    ledger.lock(customerId, slot, defaultLimit);
    ledger.append(customerId, slot, Kind.RESERVED, reserved.amount().negate(), orderId);
    ledger.append(customerId, slot, Kind.USED, reserved.amount(), orderId);
  }
}
