package dev.evenkeel.sample.orders.prove;

/** What must hold. */
enum Law {
  /** Nothing moves any more some time after the last fault. */
  COMES_TO_REST,
  /** What a client was told to be done is there, and its events have had their effects. */
  NOTHING_ACKNOWLEDGED_IS_LOST,
  /** No order and no effect that nobody asked for; each order is there once. */
  NOTHING_IS_INVENTED,
  /** No effect in a database is there twice. */
  EFFECTS_AT_MOST_ONCE,
  /** The first time that a message of a key is sent or handled comes after its predecessor's. */
  FIRST_DELIVERIES_IN_ORDER,
  /** What customers were charged, owe and have set aside is what their orders say. */
  MONEY_IS_CONSERVED,
  /** What is in stock and set aside is what was there, less what orders took. */
  STOCK_IS_CONSERVED,
  /** Each saga has ended, waits for somebody, or is marked as stuck. */
  SAGAS_END,
  /** Each order has all of its effects, or none that was not undone. */
  WHOLLY_FORWARD_OR_UNDONE,
  /** What was confirmed is not undone. */
  NEVER_UNDONE_AFTER_PIVOT,
  /** Each order ends as its client's wish allows. */
  ENDS_AS_WISHED,
  /** No message was given up, and none waits any more. */
  NOTHING_STAYS_PARKED,
  /** The application's own audit says the same. */
  AUDIT_AGREES
}
