package dev.evenkeel.autoconfigure.jdbc;

import dev.evenkeel.outbox.InboxHandler;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Plain JDBC, no migrations of its own. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration(
    excludeName = {
      "org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration",
      "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration",
      "org.springframework.boot.data.jpa.autoconfigure.DataJpaRepositoriesAutoConfiguration"
    })
class NoteApplication {

  @Bean
  Notes notes() {
    return new Notes();
  }

  static class Notes {

    final List<String> seen = new CopyOnWriteArrayList<>();

    @InboxHandler(consumer = "notes")
    void on(Noted event) {
      seen.add(event.id());
    }
  }
}
