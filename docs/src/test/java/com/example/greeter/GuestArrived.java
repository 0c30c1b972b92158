package com.example.greeter;

import dev.evenkeel.outbox.OutboxEvent;
import java.util.UUID;

/** A guest has moved in. */
@OutboxEvent(type = "guest-arrived", aggregateType = "stay", key = "stayId")
public record GuestArrived(UUID stayId, int room) {}
