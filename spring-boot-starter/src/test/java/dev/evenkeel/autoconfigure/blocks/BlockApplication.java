package dev.evenkeel.autoconfigure.blocks;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/** An application whose ids suit one database only. */
@SpringBootApplication
public class BlockApplication {}
