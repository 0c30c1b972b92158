package dev.evenkeel.autoconfigure.shards;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Accounts on shards, by JPA and JDBC. */
@SpringBootApplication
class AccountApplication {}
