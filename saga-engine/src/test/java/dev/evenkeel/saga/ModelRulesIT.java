package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.ModelRules.Broken;
import dev.evenkeel.saga.ModelRules.Call;
import dev.evenkeel.saga.StepTable.Direction;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * The rules by which {@link TwoNodes} goes say what the engine's statements do: every case of each,
 * on a real server.
 */
class ModelRulesIT {

  private static final UUID SAGA = TwoNodes.ID;
  private static final StepKey KEY = new StepKey("step", 0);
  private static final Instant LATER = Instant.parse("2999-01-01T00:00:00Z");
  private static final boolean[] BOTH = {false, true};

  private static SagaWorld world;

  private final ModelRules rules = new ModelRules(Broken.NOTHING);
  private Connection connection;
  private JdbcTemplate jdbc;

  @BeforeAll
  static void open() {
    world = new SagaWorld(1);
  }

  @AfterAll
  static void close() {
    world.close();
  }

  /** One transaction, of which each case takes back what it did. */
  @BeforeEach
  void begin() throws SQLException {
    connection = world.shard(0).pool().getConnection();
    connection.setAutoCommit(false);
    jdbc = new JdbcTemplate(new SingleConnectionDataSource(connection, true));
    jdbc.execute("SET LOCAL search_path = " + SagaWorld.SCHEMA);
    jdbc.update("INSERT INTO saga_definition (saga, version, shape) VALUES ('saga', 1, '{}')");
    jdbc.update(
        "INSERT INTO saga_instance (id, saga, saga_version, key, slot, command, epoch, version)"
            + " VALUES (?, 'saga', 1, 'key', 0, '', 5, 7)",
        SAGA);
    jdbc.update(
        "INSERT INTO saga_node (name, lease_until) VALUES"
            + " ('dead', clock_timestamp() - interval '1 hour'),"
            + " ('living', clock_timestamp() + interval '1 hour')");
  }

  @AfterEach
  void takeBack() throws SQLException {
    connection.rollback();
    connection.close();
  }

  private interface Case {
    void on(Connection c) throws SQLException;
  }

  private void tried(Case tried) throws SQLException {
    java.sql.Savepoint before = connection.setSavepoint();
    tried.on(connection);
    connection.rollback(before);
  }

  private void wake(@Nullable String owner, boolean isNews) {
    jdbc.update(
        "INSERT INTO saga_wake (saga_id, owner, bumped, seen) VALUES (?, ?, ?, 3)",
        SAGA,
        owner,
        isNews ? 4 : 3);
  }

  // ---- saga_instance and saga_wake

  @Test
  void writesOfOwners() throws SQLException {
    for (boolean isEpoch : BOTH) {
      for (boolean isVersion : BOTH) {
        for (boolean unlessNews : BOTH) {
          for (boolean isOwner : BOTH) {
            for (boolean isNews : BOTH) {
              tried(c -> writes(c, isEpoch, isVersion, unlessNews, isOwner, isNews));
            }
          }
        }
      }
    }
  }

  private void writes(
      Connection c,
      boolean isEpoch,
      boolean isVersion,
      boolean unlessNews,
      boolean isOwner,
      boolean isNews)
      throws SQLException {
    wake(isOwner ? "me" : "other", isNews);
    Instant until = unlessNews ? LATER : null;
    Set<UUID> written =
        new InstanceTable(SagaWorld.SCHEMA)
            .write(
                c,
                "me",
                List.of(
                    new InstanceTable.Write(
                        SAGA,
                        isEpoch ? 5 : 4,
                        isVersion ? 7 : 6,
                        SagaState.RUNNING,
                        false,
                        null,
                        "{}",
                        null,
                        null,
                        3,
                        unlessNews,
                        unlessNews,
                        until,
                        Set.of())),
                Duration.ZERO);
    boolean expected = rules.writes(isEpoch, isVersion, unlessNews, isOwner, isNews);
    assertThat(!written.isEmpty())
        .as(
            "fence: a write counts under its epoch (%s) and version (%s) only, and unless there is"
                + " news (%s), if it says so (%s), of its owner (%s)",
            isEpoch, isVersion, isNews, unlessNews, isOwner)
        .isEqualTo(expected);
    assertThat(count("SELECT count(*) FROM saga_instance WHERE version = 8"))
        .as("a write is counted")
        .isEqualTo(expected ? 1 : 0);
    boolean isParked = expected && unlessNews;
    assertThat(count("SELECT count(*) FROM saga_timer"))
        .as("a parked instance has its timer")
        .isEqualTo(isParked ? rules.timerOfPark(1) : 0);
    assertThat(count("SELECT count(*) FROM saga_wake WHERE owner IS NULL"))
        .as("a parked instance has no owner")
        .isEqualTo(isParked ? 1 : 0);
  }

  @Test
  void claims() throws SQLException {
    for (String owner : new String[] {"", "me", "dead", "living"}) {
      for (boolean isNews : BOTH) {
        tried(c -> claims(c, owner, isNews));
      }
    }
  }

  private void claims(Connection c, String owner, boolean isNews) throws SQLException {
    wake(owner.isEmpty() ? null : owner, isNews);
    jdbc.update("INSERT INTO saga_timer (saga_id, due_at) VALUES (?, clock_timestamp())", SAGA);
    InstanceTable instances = new InstanceTable(SagaWorld.SCHEMA);
    InstanceTable.Runnables all = SagaWorld.definitions(c);
    List<InstanceTable.Claim> claims = new ArrayList<>(instances.claimNews(c, "me", all, 9));
    claims.addAll(instances.claimOfDead(c, "me", List.of("dead", "living"), all, 9));
    if (claims.isEmpty()) {
      claims.addAll(instances.claimOwn(c, "me", List.of(SAGA), all, 9));
    }
    boolean expected =
        rules.claims(!owner.isEmpty(), isNews, owner.equals("dead"), owner.equals("me"));
    assertThat(claims)
        .as("lease: claimed from \"%s\", with news: %s", owner, isNews)
        .hasSize(expected ? 1 : 0);
    assertThat(count("SELECT count(*) FROM saga_instance WHERE epoch = 6"))
        .as("fence: a claim ends the epochs before it")
        .isEqualTo(expected && rules.claimEndsEpochs() ? 1 : 0);
    assertThat(count("SELECT count(*) FROM saga_timer")).isEqualTo(expected ? 0 : 1);
    assertThat(count("SELECT count(*) FROM saga_wake WHERE owner = 'me' AND bumped = seen"))
        .isEqualTo(expected || (owner.equals("me") && !isNews) ? 1 : 0);
  }

  @Test
  void timersAndEventsAreNews() throws SQLException {
    for (boolean isDue : BOTH) {
      tried(
          c -> {
            wake(null, false);
            jdbc.update(
                "INSERT INTO saga_timer (saga_id, due_at) VALUES (?, clock_timestamp() +"
                    + " ?::interval)",
                SAGA,
                isDue ? "-1 second" : "1 hour");
            new InstanceTable(SagaWorld.SCHEMA).fireTimers(c, 9, Duration.ZERO);
            assertThat(count("SELECT count(*) FROM saga_timer")).isEqualTo(isDue ? 0 : 1);
            assertThat(isNews()).as("news: of a timer").isEqualTo(isDue && rules.timerIsNews());
          });
    }
    for (boolean isLiving : BOTH) {
      tried(
          c -> {
            if (isLiving) {
              wake("me", false);
            }
            new EventTable(SagaWorld.SCHEMA).store(c, SAGA, EventTable.Kind.REPLY, "", new byte[0]);
            assertThat(isNews()).as("news: of an event").isEqualTo(isLiving && rules.eventIsNews());
            assertThat(count("SELECT count(*) FROM saga_event")).isEqualTo(isLiving ? 1 : 0);
          });
    }
  }

  private boolean isNews() {
    return count("SELECT count(*) FROM saga_wake WHERE bumped > seen") > 0;
  }

  private int count(String sql) {
    return jdbc.queryForObject(sql, Integer.class);
  }

  // ---- saga_step

  /** Every order of up to three rows. */
  @Test
  void rowsOfSteps() throws SQLException {
    steps(new ArrayList<>());
  }

  private void steps(List<Outcome> before) throws SQLException {
    if (before.size() == 3) {
      return;
    }
    for (Outcome next : new Outcome[] {Outcome.DONE, Outcome.REFUSED, Outcome.FENCED, null}) {
      List<Outcome> all = new ArrayList<>(before);
      all.add(next);
      tried(c -> insertAll(c, all));
      steps(all);
    }
  }

  /** Null for a compensation. */
  private void insertAll(Connection c, List<Outcome> outcomes) throws SQLException {
    StepTable table = new StepTable(SagaWorld.SCHEMA);
    Outcome forward = null;
    boolean isUndone = false;
    for (Outcome outcome : outcomes) {
      boolean expected;
      boolean inserted;
      if (outcome == null) {
        expected = rules.insertsCompensation(isUndone, forward);
        inserted =
            table.insertCompensation(c, row(Direction.COMPENSATION, Outcome.DONE), Duration.ZERO);
        isUndone |= expected;
      } else {
        expected = rules.inserts(forward != null);
        inserted = table.insert(c, row(Direction.FORWARD, outcome), Duration.ZERO);
        forward = expected ? outcome : forward;
      }
      assertThat(inserted).as("once: the first row is final; of %s", outcomes).isEqualTo(expected);
    }
  }

  private static StepTable.NewRow row(Direction direction, Outcome outcome) {
    return new StepTable.NewRow(SAGA, KEY, direction, outcome, null, 0, 1, 1, LATER);
  }

  // ---- saga_call

  /** Every order of up to four sendings and answers that can come. */
  @Test
  void whatParticipantsAreAsked() throws SQLException {
    for (SagaVerb verb : List.of(SagaVerb.EXECUTE, SagaVerb.FENCE)) {
      Call call = rules.send(Call.NONE, verb, 1);
      tried(
          c -> {
            send(c, verb, 1);
            calls(c, call, 1);
          });
    }
  }

  private void calls(Connection c, Call before, int depth) throws SQLException {
    CallTable.Row row = new CallTable(SagaWorld.SCHEMA).read(c, List.of(SAGA)).get(0);
    assertThat(
            new Call(row.verb(), row.sendings(), row.failedSending(), row.outcome(), row.undone()))
        .as("call: what was asked and answered")
        .isEqualTo(before);
    if (depth == 4) {
      return;
    }
    for (SagaVerb verb : List.of(SagaVerb.EXECUTE, SagaVerb.FENCE, SagaVerb.UNDO)) {
      int sending = before.sendings() + 1;
      tried(
          t -> {
            send(t, verb, sending);
            calls(t, rules.send(before, verb, sending), depth + 1);
          });
    }
    for (SagaReply.Outcome answer :
        List.of(
            SagaReply.Outcome.DONE,
            SagaReply.Outcome.REFUSED,
            SagaReply.Outcome.FENCED,
            SagaReply.Outcome.UNDONE,
            SagaReply.Outcome.FAILED)) {
      if (answer == SagaReply.Outcome.UNDONE && before.outcome() != Outcome.DONE) {
        continue;
      }
      tried(
          t -> {
            new CallTable(SagaWorld.SCHEMA)
                .answer(t, SAGA, List.of(new CallTable.Answer(KEY, answer, null, LATER)));
            calls(t, rules.answer(before, answer), depth + 1);
          });
    }
  }

  private static void send(Connection c, SagaVerb verb, int sending) throws SQLException {
    CallTable.Order order = new CallTable.Order("desk", "Reserve", new byte[0]);
    new CallTable(SagaWorld.SCHEMA)
        .send(c, SAGA, List.of(new CallTable.Sending(KEY, order, verb, sending, LATER)));
  }
}
