package dev.evenkeel.autoconfigure.jpa;

import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
class PurchaseApplication {}
