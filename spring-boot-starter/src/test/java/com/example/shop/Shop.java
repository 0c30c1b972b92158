package com.example.shop;

import dev.evenkeel.shard.guard.DualWriteAllowed;
import java.net.URI;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.event.TransactionPhase;
import org.springframework.transaction.event.TransactionalEventListener;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.reactive.function.client.WebClient;

/** A service that writes an order and calls others, with more or less care. */
public class Shop {

  /** Told when an order is placed; what to call then. */
  public record Placed(Client client) {}

  private final JdbcTemplate jdbc;
  private final ApplicationEventPublisher events;
  private final Clients.Server server;
  private final KafkaTemplate<String, String> kafka;
  private final RabbitTemplate rabbit;
  private final JmsTemplate jms;
  private final RestTemplate restTemplate;
  private final RestClient restClient;
  private final WebClient webClient;
  private final ObjectProvider<Clients.Warehouse> warehouse;

  Shop(
      JdbcTemplate jdbc,
      ApplicationEventPublisher events,
      Clients.Server server,
      KafkaTemplate<String, String> kafka,
      RabbitTemplate rabbit,
      JmsTemplate jms,
      RestTemplate restTemplate,
      RestClient restClient,
      WebClient webClient,
      ObjectProvider<Clients.Warehouse> warehouse) {
    this.jdbc = jdbc;
    this.events = events;
    this.server = server;
    this.kafka = kafka;
    this.rabbit = rabbit;
    this.jms = jms;
    this.restTemplate = restTemplate;
    this.restClient = restClient;
    this.webClient = webClient;
    this.warehouse = warehouse;
  }

  /** A dual write. */
  @Transactional
  public void place(Client client) {
    insert();
    call(client);
  }

  /** A dual write for a reason, told by a private method. */
  @Transactional
  public void placeWithCare(Client client) {
    insert();
    callWithCare(client);
  }

  /** A dual write for no reason. */
  @Transactional
  @DualWriteAllowed(because = " ")
  public void placeWithoutReason(Client client) {
    insert();
    call(client);
  }

  /** No dual write: nothing is written here. */
  @Transactional(readOnly = true)
  public void look(Client client) {
    jdbc.queryForObject("SELECT count(*) FROM placed", Long.class);
    call(client);
  }

  /** No dual write: there is no transaction, though connections are bound. */
  @Transactional(propagation = Propagation.SUPPORTS)
  public void callInAScope(Client client) {
    insert();
    call(client);
  }

  /** No dual write: the caller's transaction is put away. */
  @Transactional(propagation = Propagation.NOT_SUPPORTED)
  public void callOutside(Client client) {
    insert();
    call(client);
  }

  /** No dual write: the call is made after the commit. */
  @Transactional
  public void placeAndTell(Client client) {
    insert();
    events.publishEvent(new Placed(client));
  }

  /** No dual write: likewise, told by Spring's callback and not as a listener. */
  @Transactional
  public void placeAndCallBack(Client client) {
    insert();
    TransactionSynchronizationManager.registerSynchronization(
        new TransactionSynchronization() {
          @Override
          public void afterCommit() {
            call(client);
          }
        });
  }

  @TransactionalEventListener(phase = TransactionPhase.AFTER_COMMIT)
  void onPlaced(Placed placed) {
    call(placed.client());
  }

  @TransactionalEventListener(phase = TransactionPhase.AFTER_COMPLETION)
  void onCompleted(Placed placed) {
    call(placed.client());
  }

  /** How many orders have been committed. */
  public long placed() {
    return jdbc.queryForObject("SELECT count(*) FROM placed", Long.class);
  }

  private void insert() {
    jdbc.update("INSERT INTO placed DEFAULT VALUES");
  }

  @DualWriteAllowed(because = "the receiver asks again")
  private void callWithCare(Client client) {
    call(client);
  }

  private void call(Client client) {
    String url = server.url();
    switch (client) {
      case KAFKA -> kafka.send("orders", "1", "placed");
      case RABBIT -> rabbit.convertAndSend("orders", "placed");
      case JMS -> jms.convertAndSend("orders", "placed");
      case REST_TEMPLATE -> restTemplate.postForObject(url, "placed", String.class);
      case REST_CLIENT -> restClient.post().uri(url).body("placed").retrieve().toBodilessEntity();
      case WEB_CLIENT ->
          webClient.post().uri(url).bodyValue("placed").retrieve().toBodilessEntity().block();
      case HTTP_SERVICE -> warehouse.getObject().reserve(URI.create(url));
    }
  }
}
