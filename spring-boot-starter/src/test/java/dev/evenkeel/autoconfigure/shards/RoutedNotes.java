package dev.evenkeel.autoconfigure.shards;

import dev.evenkeel.shard.Sharded;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;

/** Annotated as a repository's interface may be: on the type, with the key as a parameter. */
@Sharded(key = "id")
interface RoutedNotes {

  String database(long id);

  /** Knows nothing of shards. */
  record InMemory(ApplicationContext application) implements RoutedNotes {

    @Override
    public String database(long id) {
      return application
          .getBean(JdbcTemplate.class)
          .queryForObject("SELECT current_database()", String.class);
    }

    @Override
    public String toString() {
      return "notes";
    }
  }
}
