package com.example.bookshop.orders;

import dev.evenkeel.outbox.OutboxEvent;
import org.springframework.modulith.events.Externalized;

/** Both frameworks' annotations: the one with a stable name decides. */
@OutboxEvent(type = "order-returned", version = 2, aggregateType = "order", key = "orderId")
@Externalized("elsewhere::#{orderId()}")
public record OrderReturned(String orderId) {}
