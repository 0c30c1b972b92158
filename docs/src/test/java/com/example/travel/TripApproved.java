package com.example.travel;

/** Somebody has approved an expensive trip. */
record TripApproved(String by) {}
