package com.example.greeter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.evenkeel.outbox.InboxHandlers;
import dev.evenkeel.outbox.InboxReceiver;
import dev.evenkeel.outbox.ReceiveOutcome;
import dev.evenkeel.testing.ManualRelay;
import dev.evenkeel.testing.OutboxRows;
import dev.evenkeel.testing.database.DatabaseInfo;
import dev.evenkeel.testing.database.TestDatabase;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

@SpringBootTest(properties = "evenkeel.relay.enabled=false")
class ReceptionIT {

  @DynamicPropertySource
  static void database(DynamicPropertyRegistry properties) {
    DatabaseInfo database = TestDatabase.shared().createDatabase();
    properties.add("spring.datasource.url", database::jdbcUrl);
    properties.add("spring.datasource.username", database::username);
    properties.add("spring.datasource.password", database::password);
  }

  @Autowired private Reception reception;
  @Autowired private JdbcClient database;
  @Autowired private DataSource dataSource;
  @Autowired private InboxHandlers handlers;
  @Autowired private InboxReceiver receiver;
  private ManualRelay relay;

  @BeforeEach
  void makeRelay() {
    relay = new ManualRelay(new OutboxRows(dataSource, "evenkeel"), handlers, receiver);
    relay.deliverAll(); // what came before this test
  }

  @Test
  void guestGetsOneCardHoweverOftenTheEventComes() {
    reception.arrive(9);

    assertThat(relay.deliverAll())
        .extracting(ManualRelay.Delivery::outcome)
        .containsExactly(ReceiveOutcome.HANDLED);
    assertThat(relay.redeliverAll())
        .extracting(ManualRelay.Delivery::outcome)
        .containsOnly(ReceiveOutcome.DUPLICATE);

    assertThat(cards(9)).isEqualTo(1);
  }

  @Test
  void guestWhoWasNotTakenInGetsNoCard() {
    assertThatIllegalArgumentException().isThrownBy(() -> reception.arrive(13));

    assertThat(relay.deliverAll()).isEmpty();
    assertThat(cards(13)).isZero();
  }

  private long cards(int room) {
    return database
        .sql("SELECT count(*) FROM welcome_card WHERE room = ?")
        .params(room)
        .query(Long.class)
        .single();
  }
}
