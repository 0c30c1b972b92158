package com.example.bookshop.orders;

import org.springframework.modulith.events.Externalized;

@Externalized("order::#{orderId()}")
public record OrderCancelled(String orderId) {}
