package dev.evenkeel.sample.orders.crash;

import dev.evenkeel.sample.orders.crash.Point.Kind;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The statements whose commit is a point, known by a part of their text. One that is rewritten so
 * that it is not known any more is a point that no order reaches, and the grid says so.
 */
enum ProtocolStatement {
  KEY("INSERT INTO idempotency_key") {
    @Override
    List<Note> notes(Map<Integer, Object> parameters, @Nullable UUID id, String database) {
      Matcher key = KEY_OF_CUSTOMER.matcher(String.valueOf(parameters.get(1)));
      return key.matches()
          ? List.of(new Note(Point.of(Kind.KEY), null, Long.parseLong(key.group(1)), database))
          : List.of();
    }
  },

  START("saga_key AS k (slot, saga, key, saga_id, started_by") {
    @Override
    List<Note> notes(Map<Integer, Object> parameters, @Nullable UUID id, String database) {
      String command = new String((byte[]) parameters.get(18), StandardCharsets.UTF_8);
      Matcher customer = CUSTOMER.matcher(command);
      return customer.find()
          ? List.of(new Note(Point.of(Kind.START), id, Long.parseLong(customer.group(1)), database))
          : List.of();
    }
  },

  CALL("INSERT INTO evenkeel.saga_step AS s") {
    @Override
    List<Note> notes(Map<Integer, Object> parameters, @Nullable UUID id, String database) {
      Point point = new Point(Kind.CALL, (String) parameters.get(2), (Integer) parameters.get(3));
      return List.of(new Note(point, (UUID) parameters.get(1), 0, database));
    }
  },

  CALLED("UPDATE evenkeel.saga_step SET outcome = ?") {
    @Override
    List<Note> notes(Map<Integer, Object> parameters, @Nullable UUID id, String database) {
      Kind kind = parameters.get(1).equals("DONE") ? Kind.STEP : Kind.REFUSAL;
      Point point = new Point(kind, (String) parameters.get(4), (Integer) parameters.get(5));
      return List.of(new Note(point, (UUID) parameters.get(3), 0, database));
    }
  },

  STEP("INSERT INTO evenkeel.saga_step") {
    @Override
    List<Note> notes(Map<Integer, Object> parameters, @Nullable UUID id, String database) {
      Kind kind =
          parameters.get(4).equals("COMPENSATION")
              ? Kind.COMPENSATION
              : switch ((String) parameters.get(5)) {
                case "REFUSED" -> Kind.REFUSAL;
                case "FENCED" -> Kind.FENCE;
                default -> Kind.STEP;
              };
      Point point = new Point(kind, (String) parameters.get(2), (Integer) parameters.get(3));
      return List.of(new Note(point, (UUID) parameters.get(1), 0, database));
    }
  },

  EVENT("INSERT INTO evenkeel.saga_event") {
    @Override
    List<Note> notes(Map<Integer, Object> parameters, @Nullable UUID id, String database) {
      Kind kind = Kind.valueOf((String) parameters.get(2));
      return List.of(new Note(Point.of(kind), (UUID) parameters.get(1), 0, database));
    }
  },

  CLAIM("SET epoch = i.epoch + 1") {
    @Override
    List<Note> notes(Map<Integer, Object> parameters, @Nullable UUID id, String database) {
      return List.of(new Note(Point.of(Kind.CLAIM), id, 0, database));
    }
  },

  WRITE("progress = v.progress") {
    @Override
    List<Note> notes(Map<Integer, Object> parameters, @Nullable UUID id, String database) {
      int row = Arrays.asList((Object[]) parameters.get(1)).indexOf(id);
      return List.of(new Note(Point.of(written(parameters, row)), id, 0, database));
    }
  },

  TIMER("DELETE FROM evenkeel.saga_timer t USING free") {
    @Override
    List<Note> notes(Map<Integer, Object> parameters, @Nullable UUID id, String database) {
      return List.of(new Note(Point.of(Kind.TIMER), null, 0, database));
    }
  },

  NEWS("SET seen = w.bumped\n WHERE") {
    @Override
    List<Note> notes(Map<Integer, Object> parameters, @Nullable UUID id, String database) {
      return List.of(new Note(Point.of(Kind.NEWS), id, 0, database));
    }
  },

  RELEASE("FROM evenkeel.saga_wake WHERE owner = ? ORDER BY saga_id FOR UPDATE SKIP LOCKED") {
    @Override
    List<Note> notes(Map<Integer, Object> parameters, @Nullable UUID id, String database) {
      return List.of(new Note(Point.of(Kind.RELEASE), null, 0, database));
    }
  };

  private static final Pattern KEY_OF_CUSTOMER = Pattern.compile("key-(\\d+)");
  private static final Pattern CUSTOMER = Pattern.compile("\"customerId\":(\\d+)");

  private final String mark;

  ProtocolStatement(String mark) {
    this.mark = mark;
  }

  /** The statement of a text; null for every other. */
  static @Nullable ProtocolStatement of(String sql) {
    for (ProtocolStatement statement : values()) {
      if (sql.contains(statement.mark)) {
        return statement;
      }
    }
    return null;
  }

  /**
   * What it has done, and will have committed.
   *
   * @param id of the row that was read from its answer; null when it has none
   */
  abstract List<Note> notes(Map<Integer, Object> parameters, @Nullable UUID id, String database);

  private static Kind written(Map<Integer, Object> parameters, int row) {
    boolean forwardOnly = (Boolean) ((Object[]) parameters.get(5))[row];
    boolean park = (Boolean) ((Object[]) parameters.get(11))[row];
    return switch (String.valueOf(((Object[]) parameters.get(4))[row])) {
      case "CLOSING" -> Kind.CLOSING;
      case "COMPENSATING" -> Kind.COMPENSATING;
      case "COMPLETED", "COMPENSATED" -> Kind.END;
      default -> park ? Kind.PARK : forwardOnly ? Kind.FORWARD_ONLY : Kind.PROGRESS;
    };
  }
}
