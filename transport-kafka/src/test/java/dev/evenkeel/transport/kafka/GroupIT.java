package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A consumer group of several processes, some of which are killed, suspended, or come and go. */
class GroupIT {

  private static final int KEYS = 30;

  @Test
  void memberKilledUnderLoadLosesNothingAndEffectsHappenOnceInOrder() throws InterruptedException {
    Random random = new Random(Seed.draw());
    List<ChildJvm> members = new ArrayList<>();
    try (Group group = new Group(6)) {
      for (int n = 1; n <= 3; n++) {
        members.add(Member.spawn(group.orders("member-" + n, 5_000)));
      }
      try (Load load = new Load(group, 400)) {
        int victim = 1 + random.nextInt(3);
        int enough = 100 + random.nextInt(300);
        await()
            .atMost(Group.SOON)
            .until(() -> group.journal().attemptsOf("member-" + victim) > enough);
        members.get(victim - 1).kill();
        long handled = group.journal().effects();
        await().atMost(Group.SOON).until(() -> group.journal().effects() > handled + 500);
      }
      group.awaitAllAndVerify();
      assertThat(group.journal().attempts())
          .as("attempts, of which the kill cut some")
          .isGreaterThan(group.sent());
    } finally {
      for (ChildJvm member : members) {
        member.kill();
      }
    }
  }

  @Test
  @Tag("slow") // a session has to run out, and a JVM to start
  void memberWokenPastItsSessionParksNothing() throws InterruptedException {
    String key = Member.STOPS_ITSELF + "1";
    String zombie = Member.STOPS_ITSELF + "a";
    try (Group group = new Group(2)) {
      group.journal().poison(key);
      group.send(key, 1);
      ChildJvm suspended = Member.spawn(group.orders(zombie));
      try {
        await().atMost(Group.SOON).until(() -> group.journal().attemptsAt(Member.STOPPING) == 1);
        group.journal().cure(key);
        try (Member next = new Member(group.orders("b")).start()) {
          group.send(key, 20);
          for (int n = 0; n < 10; n++) {
            group.send("key-" + n, 10);
          }
          await().atMost(Group.SOON).until(() -> group.journal().effects() == group.sent());
          long claimed = claims(group, zombie);
          suspended.wake();
          // It finds out, leaves, joins again, and so owns a partition once more.
          await().atMost(Group.SOON).until(() -> claims(group, zombie) > claimed);
          assertThat(group.journal().count("SELECT count(*) FROM evenkeel.parked_message"))
              .as("parked by a member whose partition another has")
              .isZero();
          group.send(key, 20);
          group.awaitAllAndVerify();
          assertThat(next.parked().counts().keys()).isZero();
        }
      } finally {
        suspended.kill();
      }
    }
  }

  @Test
  void membersThatComeAndGoRepeatLittle() throws InterruptedException {
    try (Group group = new Group(6)) {
      List<Member> all = new ArrayList<>();
      try (Load load = new Load(group, 300)) {
        Member first = join(all, group, "a");
        awaitMore(group, 300);
        Member second = join(all, group, "b");
        await().atMost(Group.SOON).until(() -> group.journal().attemptsOf("b") > 100);
        Member third = join(all, group, "c");
        await().atMost(Group.SOON).until(() -> group.journal().attemptsOf("c") > 100);
        first.close();
        awaitMore(group, 300);
        second.close();
        awaitMore(group, 300);
        assertThat(third.inbox().status().partitions()).hasSize(6);
      }
      group.awaitAllAndVerify();
      assertThat(all.stream().mapToInt(Member::duplicates).sum())
          .as("messages that came again: those done before an older one of another key")
          .isLessThan((int) group.sent() / 20);
      all.forEach(Member::close);
    }
  }

  @Test
  void parkedKeyIsReleasedInOrderByTheNextOwnerOfItsPartition() {
    try (Group group = new Group(2)) {
      group.journal().poison("poison");
      Member first = new Member(group.orders("a")).start();
      group.send("poison", 20);
      group.send("fine", 20);
      await().atMost(Group.SOON).until(() -> group.journal().effects("fine") == 20);
      await().atMost(Group.SOON).until(() -> !first.parked().deadLetters(10).isEmpty());
      await().atMost(Group.SOON).until(() -> group.topics().lag(group.name(), group.topic()) == 0);
      first.close();
      try (Member next = new Member(group.orders("b")).start()) {
        group.send("poison", 20);
        group.send("fine", 20);
        await().atMost(Group.SOON).until(() -> group.journal().effects("fine") == 40);
        await()
            .atMost(Group.SOON)
            .until(
                () ->
                    group
                            .journal()
                            .count(
                                "SELECT count(*) FROM evenkeel.parked_message WHERE state ="
                                    + " 'QUEUED'")
                        == 39);
        group.journal().cure("poison");
        assertThat(
                next.parked()
                    .retry(
                        Member.CONSUMER, next.parked().deadLetters(1).get(0).message().id(), "me"))
            .isTrue();
        group.send("poison", 100);
        await().atMost(Group.SOON).until(() -> next.parked().counts().keys() == 0);
        group.awaitAllAndVerify();
        assertThat(
                group
                    .journal()
                    .count("SELECT count(*) FROM effect WHERE node = 'a' AND key = 'poison'"))
            .isZero();
      }
    }
  }

  /** When a node last claimed a partition that it owns still. */
  private static long claims(Group group, String node) {
    return group
        .journal()
        .count(
            "SELECT coalesce(max(extract(epoch FROM assigned_at) * 1000000), 0)::bigint FROM"
                + " evenkeel.inbox_partition WHERE owner = ?",
            node);
  }

  private static Member join(List<Member> all, Group group, String node) {
    Member member = new Member(group.orders(node, 2_000)).start();
    all.add(member);
    return member;
  }

  private static void awaitMore(Group group, int effects) {
    long enough = group.journal().effects() + effects;
    await().atMost(Group.SOON).until(() -> group.journal().effects() > enough);
  }

  /** Sends to all keys in turn, so many a second. */
  private static final class Load implements AutoCloseable {

    private final Thread thread;
    private volatile boolean stopped;

    Load(Group group, int perSecond) {
      thread =
          new Thread(
              () -> {
                for (int n = 0; !stopped; n++) {
                  group.send("key-" + n % KEYS, 1);
                  LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1) / perSecond);
                }
              },
              "load");
      thread.start();
    }

    @Override
    public void close() throws InterruptedException {
      stopped = true;
      thread.join();
    }
  }
}
