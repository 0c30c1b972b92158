package dev.evenkeel.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HotFramesTest {

  @Test
  void nativeTimeCountsForTheJavaMethodThatAskedForIt() {
    String summary =
        new HotFrames(
                """
                [lane-1 tid=7];dev/evenkeel/relay/Lanes.work;sun/nio/ch/Net.poll;poll;do_poll_[k] 3
                [lane-2 tid=8];dev/evenkeel/relay/Lanes.work 1
                """)
            .summary();

    assertThat(summary)
        .contains("100.0 %  [lane-N tid=N]")
        .contains(" 75.0 %  sun/nio/ch/Net.poll")
        .contains(" 25.0 %  dev/evenkeel/relay/Lanes.work")
        .contains("100.0 %  dev/evenkeel/relay/Lanes.work");
  }
}
