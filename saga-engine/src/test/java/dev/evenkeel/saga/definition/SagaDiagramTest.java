package dev.evenkeel.saga.definition;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SagaDiagramTest {

  @Test
  void showsStepsAwaitsCompensationsAndThePivot() {
    assertThat(SagaDiagram.mermaid(PlaceOrderExample.builder().build()))
        .isEqualTo(
            """
            flowchart TD
              start(["place-order v1"])
              s0["reserveCredit<br/>compensatable"]
              s0u["undo reserveCredit"]:::compensation
              s1["reserveStock<br/>compensatable<br/>for each of lines"]
              s1u["undo reserveStock"]:::compensation
              s2[/"approval<br/>awaits order-approved<br/>after PT20M turns back<br/>when needsApproval"/]
              s3{{"confirm<br/>pivot"}}:::pivot
              s4(["ship<br/>retriable<br/>for each of lines"])
              start --> s0
              s0 -.-> s0u
              start --> s1
              s1 -.-> s1u
              s0 --> s2
              s1 --> s2
              s2 --> s3
              s3 --> s4
              classDef pivot stroke-width:4px
              classDef compensation stroke-dasharray:4 3
            """);
  }

  @Test
  void labelsAreText() {
    SagaDefinition odd =
        SagaBuilder.saga("a \"b\" <i>#1;", 1, String.class)
            .key("toString")
            .shardKey("toString")
            .step("`end`\n&", s -> s.after().run(c -> null).nothingToUndo())
            .build();
    assertThat(SagaDiagram.mermaid(odd))
        .contains("start([\"a #34;b#34; #60;i#62;#35;1#59; v1\"])")
        .contains("s0[\"#96;end#96;#10;#38;<br/>nothing to undo\"]");
  }
}
