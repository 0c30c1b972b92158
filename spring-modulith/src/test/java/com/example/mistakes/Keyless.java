package com.example.mistakes;

import org.springframework.modulith.events.Externalized;

@Externalized("somewhere")
public record Keyless(String id) {}
