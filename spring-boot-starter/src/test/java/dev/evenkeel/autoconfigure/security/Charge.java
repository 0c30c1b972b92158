package dev.evenkeel.autoconfigure.security;

/** A command that nobody may read in a log. */
record Charge(String id, String number) {}
