package com.example.travel;

/** What taking the money gives to later steps, and to whoever gives it back. */
record MoneyTaken(int amount, int left) {}
