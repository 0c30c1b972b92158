package dev.evenkeel.autoconfigure.jpa;

import java.util.UUID;
import org.springframework.data.jpa.repository.JpaRepository;

interface Purchases extends JpaRepository<Purchase, UUID> {}
