package com.example.bookshop.orders;

/** Stays inside the application. */
public record OrderNoted(String orderId) {}
