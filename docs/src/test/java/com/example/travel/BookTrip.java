package com.example.travel;

import java.util.UUID;

/** What the saga of a trip is started with. It is stored with the saga and never changes. */
record BookTrip(UUID tripId, String traveller, int price, boolean needsApproval) {}
