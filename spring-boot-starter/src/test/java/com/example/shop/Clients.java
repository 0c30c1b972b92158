package com.example.shop;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.amqp.rabbit.connection.ConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.boot.restclient.RestTemplateBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jms.core.JmsTemplate;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.reactive.function.client.WebClient;
import org.springframework.web.service.annotation.PostExchange;
import org.springframework.web.service.registry.ImportHttpServices;

/** Every client the guard knows, as an application defines them. */
@Configuration(proxyBeanMethods = false)
@ImportHttpServices(group = "warehouse", types = Clients.Warehouse.class)
public class Clients {

  /** A warehouse's HTTP service. */
  public interface Warehouse {

    /** Reserves goods. */
    @PostExchange("{url}")
    String reserve(java.net.URI url);
  }

  /** An HTTP server that notes its requests. */
  public static final class Server implements AutoCloseable {

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final HttpServer server;

    Server() {
      try {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      server.createContext(
          "/",
          exchange -> {
            requests.add(exchange.getRequestMethod());
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
          });
      server.start();
    }

    /** Where it listens. */
    public String url() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** What it got. */
    public List<String> requests() {
      return requests;
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  @Bean
  Server server() {
    return new Server();
  }

  @Bean
  Recorder kafkaBroker() {
    return new Recorder();
  }

  @Bean
  Recorder rabbitBroker() {
    return new Recorder();
  }

  @Bean
  Recorder jmsBroker() {
    return new Recorder();
  }

  @Bean
  @SuppressWarnings("unchecked")
  KafkaTemplate<String, String> kafkaTemplate(Recorder kafkaBroker) {
    return new KafkaTemplate<>(
        (ProducerFactory<String, String>) kafkaBroker.as(ProducerFactory.class));
  }

  @Bean
  RabbitTemplate rabbitTemplate(Recorder rabbitBroker) {
    return new RabbitTemplate(rabbitBroker.as(ConnectionFactory.class));
  }

  @Bean
  JmsTemplate jmsTemplate(Recorder jmsBroker) {
    return new JmsTemplate(jmsBroker.as(jakarta.jms.ConnectionFactory.class));
  }

  /** Of Boot's builder and a bean at once: checked once all the same. */
  @Bean
  RestTemplate restTemplate(RestTemplateBuilder builder) {
    return builder.build();
  }

  /** Likewise. */
  @Bean
  RestClient restClient(RestClient.Builder builder) {
    return builder.build();
  }

  @Bean
  WebClient webClient() {
    return WebClient.create();
  }
}
