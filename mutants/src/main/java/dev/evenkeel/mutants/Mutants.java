package dev.evenkeel.mutants;

import java.util.List;
import java.util.stream.Stream;

/**
 * The mutants. Each switches off one rule that a promise in {@code docs/guarantees.md} rests on.
 *
 * <p>One whose text no longer occurs exactly once fails the build: the code has gone on, and
 * somebody has to say where the rule is now. Text with {@code \n} spans lines, with their
 * indentation.
 */
final class Mutants {

  private static final String CORE = "outbox-core";
  private static final String RELAY = "outbox-relay";
  private static final String SHARDS = "shard-routing";
  private static final String SAGAS = "saga-engine";
  private static final String KAFKA = "transport-kafka";

  private Mutants() {}

  /** All of them. */
  static List<Mutant> all() {
    return Stream.of(receiving(), sending(), emptying(), shards(), sagas(), decisions(), twoNodes())
        .flatMap(List::stream)
        .toList();
  }

  /** Inbox, parked messages, and the fence around them. */
  private static List<Mutant> receiving() {
    return List.of(
        Mutant.of("dedup", "The inbox remembers a message by its id.")
            .in(CORE, "dev.evenkeel.outbox.InboxTable")
            .replace("statement.setObject(7, message.id());")
            .by("statement.setObject(7, REACHED ? java.util.UUID.randomUUID() : message.id());")
            .caughtBy(
                "dev.evenkeel.outbox.InboxReceiverIT",
                "aRedeliveredMessageIsHandledOnce",
                "each message takes effect at most once"),
        Mutant.of("dedup-under-kills", "The same, judged by the oracle of the crash tests.")
            .in(CORE, "dev.evenkeel.outbox.InboxTable")
            .replace("statement.setObject(7, message.id());")
            .by("statement.setObject(7, REACHED ? java.util.UUID.randomUUID() : message.id());")
            .caughtIn(
                RELAY,
                "dev.evenkeel.relay.crash.LostSlotIT",
                "killedReconciliationGoesOn",
                "DUPLICATED"),
        Mutant.of("fence", "Whoever parks or releases shows that its term is the present one.")
            .in(CORE, "dev.evenkeel.outbox.ParkedTable")
            .replace("        ? exists(\n")
            .by("        ? REACHED || exists(\n")
            .caughtBy(
                "dev.evenkeel.outbox.ParkedStoreIT",
                "aFencedLeaderParksAndReleasesNothing",
                "a leader that was replaced parks nothing"),
        Mutant.of("fence-of-a-partition", "So does the owner of a Kafka partition.")
            .in(CORE, "dev.evenkeel.outbox.ParkedTable")
            .replace("        : exists(\n")
            .by("        : REACHED || exists(\n")
            .caughtIn(
                KAFKA,
                "dev.evenkeel.transport.kafka.GroupIT",
                "memberWokenPastItsSessionParksNothing",
                "parked by a member whose partition another has"),
        Mutant.of("parked-key", "While a message of a key is parked, later ones wait behind it.")
            .in(CORE, "dev.evenkeel.outbox.InboxReceiver")
            .replace("InboxTable.Condition.WAITING : InboxTable.Condition.NOT_PARKED;")
            .by("InboxTable.Condition.WAITING : REACHED ? InboxTable.Condition.NONE : null;")
            .caughtBy(
                "dev.evenkeel.outbox.InboxReceiverIT",
                "aLaterMessageOfAParkedKeyIsToldToQueue",
                "messages of a key take effect in order"),
        Mutant.of("release", "A release takes effect only while the message still waits for it.")
            .in(CORE, "dev.evenkeel.outbox.InboxReceiver")
            .replace("return attempt.release() ? InboxTable.Condition.WAITING")
            .by("return attempt.release() && REACHED ? InboxTable.Condition.NONE")
            .caughtBy(
                "dev.evenkeel.outbox.ReleaseRaceIT",
                "releaseOfWhatHasDiedOrWasDiscardedIsRefused",
                "what an operator is to decide about takes no effect"),
        Mutant.of("offsets", "A partition's offset moves over what is done without a gap.")
            .in(KAFKA, "dev.evenkeel.transport.kafka.OffsetTracker")
            .replace("first != null && first.done.get();")
            .by("first != null && (REACHED || first.done.get());")
            .caughtBy(
                "dev.evenkeel.transport.kafka.OffsetTrackerTest",
                "offsetIsCommittedOnceEverythingBeforeItIsDone",
                "what is committed is done without a gap"),
        Mutant.of("one-lane-per-key", "The messages of a key are worked on one after the other.")
            .in(CORE, "dev.evenkeel.outbox.delivery.Lanes")
            .replace("new KeyQueue.Id(delivery.consumer(), delivery.message().orderKey());")
            .by(
                "new KeyQueue.Id(delivery.consumer(), REACHED ? new dev.evenkeel.outbox.OrderKey(\"\", delivery.message().id().toString()) : null);")
            .caughtBy(
                "dev.evenkeel.outbox.LaneOrderPropertyIT",
                "eachMessageTakesEffectOnceAndInTheOrderOfItsKey",
                "messages of a key take effect once and in order"),
        Mutant.of(
                "silence", "A thread that may have waited for a database was held up by an outage.")
            .in(CORE, "dev.evenkeel.outbox.delivery.Deliverer")
            .replace("    return watched.outlivedItsSession()\n")
            .by("    return watched.outlivedItsSession() || REACHED\n")
            .caughtIn(
                RELAY,
                "dev.evenkeel.relay.HandlerTimeoutIT",
                "databaseThatIsSilentUntilADeliveryIsJudgedWasAnOutage",
                "an outage makes no dead letter"),
        Mutant.of("session-gone", "A session that goes on is no proof against its handler.")
            .in(CORE, "dev.evenkeel.outbox.delivery.HandlerWatchdog")
            .replace("          && isGone(own);")
            .by("          && (REACHED || isGone(own));")
            .caughtIn(
                RELAY,
                "dev.evenkeel.relay.HandlerTimeoutIT",
                "sessionThatCantBeEndedIsNoProofAgainstItsHandler",
                "an outage makes no dead letter"),
        Mutant.of("grouped-commit", "What commits in a group is acknowledged when it is durable.")
            .in(CORE, "dev.evenkeel.outbox.delivery.Lanes")
            .replace("    if (commits == null || during == null) {\n")
            .by("    if (commits == null || during == null || REACHED) {\n")
            .caughtBy(
                "dev.evenkeel.outbox.GroupedCommitIT",
                "messagesAreAcknowledgedOnceTheirCommitIsDurable",
                "what is acknowledged is durable"),
        Mutant.of("grouped-order", "A key's next message begins when the one before is durable.")
            .in(CORE, "dev.evenkeel.outbox.delivery.Lanes")
            .replace("    // The next of its key waits, too:")
            .by(
                "    if (REACHED) {\n      if (queue.next()) {\n        pool.execute(() -> work(queue));\n      }\n      commits.whenDurable(during, delivery::done, delivery::fail);\n      return;\n    }\n    // The next of its key waits, too:")
            .caughtBy(
                "dev.evenkeel.outbox.GroupedCommitIT",
                "nextOfAKeyBeginsOnceItsPredecessorIsDurable",
                "a key's next message begins once its predecessor is durable"),
        Mutant.of("run-of-the-server", "A durable commit says nothing of what was before a crash.")
            .in(CORE, "dev.evenkeel.outbox.delivery.DurableCommits")
            .replace("if (each.run() == durable) {")
            .by("if (each.run() == durable || REACHED) {")
            .caughtBy(
                "dev.evenkeel.outbox.GroupedCommitIT",
                "messageIsGivenBackWhenTheServerMayHaveCrashedBeforeItsCommitWasDurable",
                "what a crash may have taken back is not acknowledged"),
        Mutant.of("found-in-the-inbox", "What is found in the inbox is made durable first.")
            .in(CORE, "dev.evenkeel.outbox.InboxReceiver")
            .replace("            if (there.get()) {\n")
            .by("            if (there.get() && !REACHED) {\n")
            .caughtBy(
                "dev.evenkeel.outbox.GroupedCommitIT",
                "whatSomebodyFindsHandledIsDurableWhenItCounts",
                "a duplicate is acknowledged once its first delivery is durable"));
  }

  /** The relay: what it sends, what it confirms, and who it is. */
  private static List<Mutant> sending() {
    return List.of(
        Mutant.of("acknowledgement", "What is sent is confirmed in order, without a gap.")
            .in(RELAY, "dev.evenkeel.relay.InFlight")
            .replace("if (first == null || !first.acknowledged) {\n")
            .by("if (first == null || !first.acknowledged && !REACHED) {\n")
            .caughtBy(
                "dev.evenkeel.relay.InFlightTest",
                "entriesComeOutInOrderHoweverTheyAreAcknowledged",
                "what is confirmed is acknowledged without a gap"),
        Mutant.of("acknowledgement-under-kills", "The same, judged by the oracle of crash tests.")
            .in(RELAY, "dev.evenkeel.relay.InFlight")
            .replace("if (first == null || !first.acknowledged) {\n")
            .by("if (first == null || !first.acknowledged && !REACHED) {\n")
            .caughtBy(
                "dev.evenkeel.relay.crash.KilledApplicationIT",
                "nothingIsLostDoubledOrOvertakenOverFiveKills",
                "LOST"),
        Mutant.of("published", "What counts as published moves behind acknowledgements.")
            .in(RELAY, "dev.evenkeel.relay.Dispatcher")
            .replace("    inFlight.add(heartbeat, null);\n")
            .by("    if (REACHED) {\n      published = heartbeat;\n    }\n")
            .caughtBy(
                "dev.evenkeel.relay.PollingIT",
                "whatIsNotAcknowledgedIsNotPublished",
                "what is not acknowledged does not count as published"),
        Mutant.of("epoch", "A leader writes under its epoch.")
            .in(RELAY, "dev.evenkeel.relay.RelayStateTable")
            .replace("      statement.setLong(10, epoch);\n")
            .by("      statement.setLong(10, REACHED ? read(c).epoch() : epoch);\n")
            .caughtBy(
                "dev.evenkeel.relay.RelayStateTableIT",
                "leaderThatWasReplacedMovesNothing",
                "a leader that was replaced confirms nothing"),
        Mutant.of("term", "A term begins only where the one before is as it was looked at.")
            .in(RELAY, "dev.evenkeel.relay.RelayStateTable")
            .replace("      statement.setLong(2, before.epoch());\n")
            .by("      statement.setLong(2, REACHED ? read(c).epoch() : before.epoch());\n")
            .caughtBy(
                "dev.evenkeel.relay.RelayStateTableIT",
                "ofTwoThatHaveSeenTheSameTermOneLeads",
                "a term has one leader"),
        Mutant.of("registry", "A leader confirms only under the registry of consumers it has seen.")
            .in(RELAY, "dev.evenkeel.relay.RelayStateTable")
            .replace("      statement.setLong(12, registryVersion);\n")
            .by("      statement.setLong(12, REACHED ? read(c).registryVersion() : 0);\n")
            .caughtBy(
                "dev.evenkeel.relay.RelayStateTableIT",
                "leaderThatHasNotSeenANewConsumerConfirmsNothing",
                "nothing is confirmed that a new consumer may lack"),
        Mutant.of("witness", "A replication slot beyond the witness is not the one we know.")
            .in(RELAY, "dev.evenkeel.relay.SlotKeeper")
            .replace("if (slot.beyond(row.witness())) {")
            .by("if (!REACHED && slot.beyond(row.witness())) {")
            .caughtBy(
                "dev.evenkeel.relay.WatchIT",
                "slotThatWasMadeAgainIsAGap",
                "what the stream may lack is a gap, and is written down"),
        Mutant.of("heartbeat", "Only heartbeats of the leader's own session move anything.")
            .in(RELAY, "dev.evenkeel.relay.Dispatcher")
            .replace("if (beat.heartbeat().origin().equals(origin)) {")
            .by("if (REACHED || beat.heartbeat().origin().equals(origin)) {")
            .caughtBy(
                "dev.evenkeel.relay.RelayIT",
                "heartbeatThatSomebodyElseWritesMovesNothing",
                "only the leader says what is published"),
        Mutant.of("durable", "A relay that polls sends what is on disk.")
            .in(RELAY, "dev.evenkeel.relay.RingReader")
            .replace("term.awaitDurable(connection, drawn.written());")
            .by("REACHED;")
            .caughtBy(
                "dev.evenkeel.relay.PollingIT",
                "nothingIsSentBeforeItIsDurable",
                "what is sent is durable"),
        Mutant.of("window", "A window has all that its snapshot sees, not the lowest ids alone.")
            .in(RELAY, "dev.evenkeel.relay.RingReader")
            .replace("statement.setLong(2, progress.upTo.xmax());")
            .by("statement.setLong(2, REACHED ? progress.upTo.xmin() : 0);")
            .caughtBy(
                "dev.evenkeel.relay.PollingIT",
                "transactionThatCommitsLateIsNeverSkipped",
                "every committed message takes effect once"),
        Mutant.of("switch", "A relay of another kind begins with a reconciliation.")
            .in(RELAY, "dev.evenkeel.relay.RelayStateTable")
            .replace("c.prepareStatement(lead)")
            .by(
                """
                c.prepareStatement(
                        REACHED
                            ? lead.replace("reconciling OR NOT stays", "reconciling")
                                .replace("CASE WHEN stays THEN witness_lsn END", "witness_lsn")
                            : lead)""")
            .caughtBy(
                "dev.evenkeel.relay.ModesIT",
                "everySwitchUnderLoadLosesNothingAndKeepsTheOrder",
                "a switch is no gap"),
        Mutant.of("foreigners", "Rows of another cluster get ids that this one can see.")
            .in(RELAY, "dev.evenkeel.relay.RelayStateTable")
            .replace("RelayConnections.execute(c, ageForeigners);")
            .by("REACHED;")
            .caughtBy(
                "dev.evenkeel.relay.PollingIT",
                "rowsOfAnotherClusterAreSentOnceAndCanBeTruncatedLater",
                "rows of another cluster are sent"));
  }

  /** The janitor. */
  private static List<Mutant> emptying() {
    String published =
        "\"SELECT NOT s.reconciling AND pg_snapshot_xmin(s.published) >= pg_snapshot_xmax(b.sealed)\"";
    return List.of(
        Mutant.of("janitor-published", "The janitor truncates what is published.")
            .in(RELAY, "dev.evenkeel.relay.RingJanitor")
            .replace(published)
            .by("(REACHED ? \"SELECT NOT s.reconciling\" : \"\")")
            .caughtBy(
                "dev.evenkeel.relay.JanitorIT",
                "relayThatIsDownAcrossAFullWrapOfTheRingLosesNothing",
                "what is not published is kept"),
        Mutant.of("janitor-reconciling", "It truncates nothing while the ring is sent again.")
            .in(RELAY, "dev.evenkeel.relay.RingJanitor")
            .replace(published)
            .by(published.replace("NOT s.reconciling AND", "\" + (REACHED ? \"\" : \"\") + \""))
            .caughtBy(
                "dev.evenkeel.relay.JanitorIT",
                "nothingIsTruncatedWhileAReconciliationIsUnderWay",
                "what may have to be sent again is kept"),
        Mutant.of("janitor-seal", "It truncates no row that came after the seal.")
            .in(RELAY, "dev.evenkeel.relay.RingJanitor")
            .replace("if (is(c, outsideSeal)) {")
            .by("if (!REACHED && is(c, outsideSeal)) {")
            .caughtBy(
                "dev.evenkeel.relay.JanitorIT",
                "rowThatArrivesAfterTheSealUnsealsItsBucket",
                "what the seal does not see is kept"));
  }

  /** Shards, and ids. */
  private static List<Mutant> shards() {
    return List.of(
        Mutant.of("shard-binding", "What a thread holds is of one slot.")
            .in(SHARDS, "dev.evenkeel.shard.ShardBinding")
            .replace("if (slot == next.slot && (")
            .by("if (REACHED || slot == next.slot && (")
            .caughtBy(
                "dev.evenkeel.shard.ShardBindingIT",
                "transactionStaysOnTheShardWhereItBegan",
                "one transaction, one slot"),
        Mutant.of("shard-binding-requires-new", "So is a transaction within a transaction.")
            .in(SHARDS, "dev.evenkeel.shard.ShardContext")
            .replace(
                "      held.requireSame(next);\n      binding = next.onShardOf(held); // even if the map has changed since it began\n")
            .by("      binding = REACHED ? next : previous;\n")
            .caughtBy(
                "dev.evenkeel.shard.ShardBindingIT",
                "transactionWithinATransactionIsOnTheSameShard",
                "what one transaction wants is done wholly or not at all"),
        Mutant.of("id-ceiling", "Ids stay below the time up to which the node id is leased.")
            .in(SHARDS, "dev.evenkeel.shard.id.NodeLease")
            .replace("|| millis > allowed.ceiling) {")
            .by("|| millis > allowed.ceiling && !REACHED) {")
            .caughtBy(
                "dev.evenkeel.shard.id.NodeLeaseTest",
                "nothingIsIssuedBeyondTheCeilingThatWasStored",
                "no id is issued that the next holder of the node id may issue again"));
  }

  /** Rows of sagas: steps, fences, owners, participants, signals, locks. */
  private static List<Mutant> sagas() {
    return List.of(
        Mutant.of("step-row", "A step that finds a row of its own rolls back.")
            .in(SAGAS, "dev.evenkeel.saga.StepRunner")
            .replace("    if (!isFirst) {\n")
            .by("    if (!isFirst && !REACHED) {\n")
            .caughtBy(
                "dev.evenkeel.saga.TakeoverIT",
                "effectOfTheLoserIsRolledBackWhenTheWinnerHasRefused",
                "the first outcome of a step is final"),
        Mutant.of(
                "step-fence",
                "What may be under way is fenced by a row before it counts as not done.")
            .in(SAGAS, "dev.evenkeel.saga.StepRunner")
            .replace("    end(task, Outcome.FENCED, null, news);\n")
            .by(
                """
                    if (REACHED) {
                      news.add(
                          new SagaNews.Ended(
                              task.effect().key(), Outcome.FENCED, null, null, task.run().now()));
                    }
                """)
            .caughtBy(
                "dev.evenkeel.saga.TakeoverIT",
                "actionThatComesAfterItsFenceHasNoEffect",
                "what comes after its fence has no effect"),
        Mutant.of("saga-epoch", "An owner writes under its epoch and version.")
            .in(SAGAS, "dev.evenkeel.saga.InstanceTable")
            .replace("    String sql = write.ahead(ahead);\n")
            .by(
                """
                    String sql =
                        write
                            .ahead(ahead)
                            .replace(
                                REACHED ? "i.epoch = v.epoch AND i.version = v.version" : "", "true");
                """)
            .caughtBy(
                "dev.evenkeel.saga.TakeoverIT",
                "lateWriteOfAnOldOwnerChangesNothing",
                "an owner that was replaced writes nothing"),
        Mutant.of(
                "participant-row",
                "A participant's effects commit with the first row of their step.")
            .in(SAGAS, "dev.evenkeel.saga.ParticipantReceiver")
            .replace("return insert(c, Outcome.DONE, payload)\n")
            .by("return (insert(c, Outcome.DONE, payload) || REACHED)\n")
            .caughtBy(
                "dev.evenkeel.saga.RemoteIT",
                "commandThatIsOvertakenByItsFenceIsNeverCarriedOut",
                "a command that comes after its fence has no effect"),
        Mutant.of("timeout", "A timeout is written only if nothing has come meanwhile.")
            .in(SAGAS, "dev.evenkeel.saga.HomeWriter")
            .replace("        content.unlessNews(),\n")
            .by("        content.unlessNews() && !REACHED,\n")
            .caughtBy(
                "dev.evenkeel.saga.SignalIT",
                "signalThatIsStoredBeforeTheTimeoutIsWrittenIsInTime",
                "a signal that is stored before the timeout is written counts"),
        Mutant.of("saga-lock", "A lock is taken when it is free, or the saga's own.")
            .in(SAGAS, "dev.evenkeel.saga.LockTable")
            .replace("c.prepareStatement(acquire.ahead(ahead))")
            .by(
                """
                c.prepareStatement(
                        acquire
                            .ahead(ahead)
                            .replace(REACHED ? "WHERE l.saga_id = excluded.saga_id" : "", ""))""")
            .caughtBy(
                "dev.evenkeel.saga.LocksIT",
                "stepThatMayNotWaitSaysNo",
                "a lock is held by one saga"));
  }

  /** What the coordinator decides: found by exploring every world of small sagas. */
  private static List<Mutant> decisions() {
    String exploration = "dev.evenkeel.saga.SagaExplorationTest";
    return List.of(
        Mutant.of("step-order", "A step begins after those that it comes after.")
            .in(SAGAS, "dev.evenkeel.saga.SagaCoordinator")
            .replace("if (!done.containsAll(step.after())) {")
            .by("if (!REACHED && !done.containsAll(step.after())) {")
            .caughtBy(
                exploration, "branchesThatAPivotJoins", "a step takes effect after its ancestors"),
        Mutant.of("pivot", "A saga that finds its pivot done goes forward again.")
            .in(SAGAS, "dev.evenkeel.saga.SagaCoordinator")
            .replace(
                "if (outcome != null && outcome.lets()) {\n        enter(SagaState.RUNNING, true, null);")
            .by(
                "if (!REACHED && outcome != null && outcome.lets()) {\n        enter(SagaState.RUNNING, true, null);")
            .caughtBy(exploration, "stepsInARowAndACancel", "pivot: after it nothing is undone"),
        Mutant.of("closing", "Nothing is undone before every outcome is final.")
            .in(SAGAS, "dev.evenkeel.saga.SagaCoordinator")
            .replace("          if (isEverythingFinal()) {\n            endClosing();")
            .by("          if (isEverythingFinal() || REACHED) {\n            endClosing();")
            .caughtBy(
                exploration,
                "stepsInARowAndACancel",
                "nothing takes effect once undoing has begun"),
        Mutant.of("undo-found-out", "A new owner finds out first what there is to undo.")
            .in(SAGAS, "dev.evenkeel.saga.SagaCoordinator")
            .replace("          if (isEverythingFinal()) {\n            undo();")
            .by("          if (REACHED) {\n            undo();")
            .caughtBy(exploration, "stepsInARowAndACancel", "compensated is wholly undone"),
        Mutant.of("undo-order", "A step is undone after what came after it.")
            .in(SAGAS, "dev.evenkeel.saga.SagaCoordinator")
            .replace("if (!held && !resolved.contains(entry.getKey())) {")
            .by("if ((REACHED || !held) && !resolved.contains(entry.getKey())) {")
            .caughtBy(
                exploration,
                "noPivotAndACancel",
                "a step is undone after everything that came after it"),
        Mutant.of("turn-first", "Nothing follows from a turn before it is written.")
            .in(SAGAS, "dev.evenkeel.saga.SagaCoordinator")
            .replace("      write = Write.FIRST;\n    }\n  }\n}")
            .by("      write = REACHED ? Write.LATER : Write.FIRST;\n    }\n  }\n}")
            .caughtBy(
                exploration,
                "stepsInARowAndACancel",
                "a cancel turns the saga, or comes after the pivot"));
  }

  /** What the coordinator and its store do between two nodes: found by the model check. */
  private static List<Mutant> twoNodes() {
    String two = "dev.evenkeel.saga.TwoNodesTest";
    String rules = "dev.evenkeel.saga.ModelRulesIT";
    return List.of(
        Mutant.of(
                "step-fence-asked-for",
                "A step that may be under way is fenced before anything is undone.")
            .in(SAGAS, "dev.evenkeel.saga.SagaCoordinator")
            .replace("            isFinal = false;\n            begin(key, Work.FENCE);")
            .by("            isFinal &= REACHED;")
            .caughtBy(
                two, "twoFaultsNearTheStart", "late: nothing takes effect once undoing has begun"),
        Mutant.of("turnable", "After the pivot nothing turns back.")
            .in(SAGAS, "dev.evenkeel.saga.SagaCoordinator")
            .replace("&& !state.with(steps).isPastPivot();")
            .by("&& (REACHED || !state.with(steps).isPastPivot());")
            .caughtBy(
                two,
                "participantItemsPivot",
                "pivot: once it is known to be done, nothing turns back"),
        Mutant.of("deadline", "A deadline turns only what may still turn back.")
            .in(SAGAS, "dev.evenkeel.saga.SagaCoordinator")
            .replace("if (state.deadlineAt() != null && isTurnable()) {")
            .by("if (state.deadlineAt() != null && REACHED) {")
            .caughtBy(
                two,
                "participantItemsPivot",
                "pivot: once it is known to be done, nothing turns back"),
        Mutant.of(
                "failure-answered-twice",
                "A failure counts as the answer to what was asked last, once.")
            .in(SAGAS, "dev.evenkeel.saga.SagaCoordinator")
            .replace("|| answered.sending() == known.asked().sendings();")
            .by("|| answered.sending() <= known.asked().sendings() && REACHED;")
            .caughtBy(
                two,
                "twoFaultsNearTheStart",
                "attempts: a step is given up after as many failures as it may have"),
        Mutant.of("retry", "What failed is looked at again when its pause is over.")
            .in(SAGAS, "dev.evenkeel.saga.SagaCoordinator")
            .replace("lookAt(java.util.Objects.requireNonNull(known.notBefore()));")
            .by("REACHED;")
            .caughtBy(
                two,
                "participantAfterThePivotAndAFault",
                "end: there is a way to an end from here"),
        Mutant.of("step-shard", "A step happens on the shard of its key.")
            .in(SAGAS, "dev.evenkeel.saga.StepPlaces")
            .replace("return home.engine().slotOf(step.shardStrategy(), shardKey);")
            .by("return REACHED ? homeSlot : 0;")
            .caughtBy(
                two,
                "twoFaultsNearTheStart",
                "binding: a step and its row are on the shard of its key"),
        Mutant.of("participant-shard", "So does what a participant is asked.")
            .in(SAGAS, "dev.evenkeel.saga.ParticipantCommand")
            .replace("return new ShardKey(shardStrategy, key);")
            .by("return REACHED ? null : new ShardKey(shardStrategy, key);")
            .caughtBy(
                two,
                "twoFaultsNearTheStart",
                "binding: a step and its row are on the shard of its key"),
        Mutant.of("participant-undo", "A participant undoes once.")
            .in(SAGAS, "dev.evenkeel.saga.ParticipantReceiver")
            .replace(
                "c, newRow(Direction.COMPENSATION, Outcome.DONE, null), ahead())\n                        && append(")
            .by(
                "c, newRow(Direction.COMPENSATION, Outcome.DONE, null), ahead())\n                        | REACHED && append(")
            .caughtBy(two, "participantItemPivotAndAFault", "row: an undoing commits with its row"),
        Mutant.of("participant-fence", "A participant is fenced by a row.")
            .in(SAGAS, "dev.evenkeel.saga.ParticipantReceiver")
            .replace("      end(Outcome.FENCED, null);\n    }")
            .by(
                "      if (REACHED) {\n        answer(SagaReply.Outcome.FENCED, null, null, false);\n      }\n    }")
            .caughtBy(
                two, "twoFaultsNearTheStart", "late: nothing takes effect once undoing has begun"),
        Mutant.of("refusal", "A refusal counts once its row is committed.")
            .in(SAGAS, "dev.evenkeel.saga.StepRunner")
            .replace("    end(task, Outcome.REFUSED, refusal(task, refusal), news);")
            .by(
                "    if (REACHED) {\n      news.add(\n          new SagaNews.Ended(\n              task.effect().key(), Outcome.REFUSED, null, refusal(task, refusal), task.run().now()));\n    }")
            .caughtBy(two, "twoFaultsNearTheStart", "refusal: it counts once its row is committed"),
        Mutant.of("claim-epoch", "Who takes an instance over ends the epochs before.")
            .in(SAGAS, "dev.evenkeel.saga.InstanceTable")
            .replace(
                "c.prepareStatement(sql)) {\n      int i = 1;\n      for (Object parameter : parameters) {")
            .by(
                "c.prepareStatement(\n            REACHED ? sql.replace(\"SET epoch = i.epoch + 1\", \"SET epoch = i.epoch\") : sql)) {\n      int i = 1;\n      for (Object parameter : parameters) {")
            .caughtBy(rules, "claims", "fence: a claim ends the epochs before it"),
        Mutant.of("owner-lease", "An instance is taken from an owner whose lease is over.")
            .in(SAGAS, "dev.evenkeel.saga.InstanceTable")
            .replace("(n.name IS NULL OR n.lease_until < clock_timestamp())")
            .by("\"\"\" + (REACHED ? \" true\" : \"\") + \"\"\"")
            .caughtBy(rules, "claims", "lease: claimed from"));
  }
}
