package com.example.evolving;

import dev.evenkeel.outbox.OutboxEvent;

@OutboxEvent(type = "order-placed", version = 3, aggregateType = "order", key = "orderId")
record OrderPlaced(String orderId, String amount, String currency) {}
