package com.example.ordering;

import dev.evenkeel.shard.EveryShard;
import dev.evenkeel.shard.ShardTransactions;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

@Component
record Transfers(ShardTransactions shards, JdbcClient database) {

  void book(long customerId, String reason) {
    shards.inShard(
        customerId,
        () -> {
          database.sql("INSERT INTO booking VALUES (?, ?)").params(customerId, reason).update();
        });
  }

  long bookings() {
    EveryShard<Long> counts =
        shards.onEveryShard(
            () -> database.sql("SELECT count(*) FROM booking").query(Long.class).single());
    return counts.all().stream().mapToLong(Long::longValue).sum(); // fails where one is missing
  }
}
