package dev.evenkeel.autoconfigure.sagas;

/**
 * The command.
 *
 * @param auditor account that the transfer is booked on
 */
record Transfer(String id, String from, String to, String auditor) {}
