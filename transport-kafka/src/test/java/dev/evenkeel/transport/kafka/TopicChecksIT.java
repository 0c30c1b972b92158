package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;

class TopicChecksIT {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @Test
  void whatIsRiskyAboutATopicIsSaid() throws Exception {
    String topic = "risky-" + UUID.randomUUID();
    try (Admin admin = Admin.create(Broker.client());
        TopicChecks checks = checks(true)) {
      admin
          .createTopics(
              List.of(
                  new NewTopic(topic, 1, (short) 1)
                      .configs(
                          Map.of(
                              "retention.ms",
                              "-1",
                              "cleanup.policy",
                              "compact",
                              "max.message.bytes",
                              "2000"))))
          .all()
          .get(60, TimeUnit.SECONDS);

      assertThat(checks.check(topic))
          .isInstanceOfSatisfying(
              TopicChecks.Finding.Usable.class,
              usable -> {
                assertThat(usable.maxMessageBytes()).isEqualTo(2_000);
                assertThat(usable.warnings())
                    .satisfiesExactly(
                        lost -> assertThat(lost).contains("min.insync.replicas=1"),
                        compacted -> assertThat(compacted).contains("is compacted"),
                        late -> assertThat(late).contains("retention.ms=-1"));
              });
      try (TopicChecks compressing = checks(false)) {
        assertThat(compressing.check(topic))
            .isInstanceOfSatisfying(
                TopicChecks.Finding.Usable.class,
                usable -> assertThat(usable.maxMessageBytes()).isEqualTo(Integer.MAX_VALUE));
      }
    }
  }

  @Test
  void topicThatIsMissingAndNameThatIsNoneAreUnusable() throws Exception {
    try (TopicChecks checks = checks(true)) {
      assertThat(checks.check("missing-" + UUID.randomUUID()))
          .isInstanceOfSatisfying(
              TopicChecks.Finding.Unusable.class,
              unusable -> assertThat(unusable.reason()).contains("does not exist; create it"));
      assertThat(checks.check("no name"))
          .isInstanceOfSatisfying(
              TopicChecks.Finding.Unusable.class,
              unusable -> assertThat(unusable.reason()).contains("is not a legal name"));
    }
  }

  private static TopicChecks checks(boolean sizeTells) {
    return new TopicChecks(Broker.client(), false, Duration.ofDays(10), sizeTells, PATIENCE);
  }
}
