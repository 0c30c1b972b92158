package dev.evenkeel.autoconfigure;

/** How a request to an actuator endpoint ended, in one sentence. */
public record EndpointAnswer(String message) {}
