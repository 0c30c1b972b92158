package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.OnTimeout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Draws a definition. The same definition always gives the same text. */
public final class SagaDiagram {

  private final StringBuilder text = new StringBuilder("flowchart TD\n");
  private final Map<String, String> ids = new HashMap<>();

  private SagaDiagram(SagaDefinition definition) {
    line("start([\"%s\"])".formatted(escaped(definition.toString())));
    for (StepDefinition step : definition.steps()) {
      ids.put(step.name(), "s" + ids.size());
    }
    definition.steps().forEach(this::node);
    definition.steps().forEach(this::edges);
    line("classDef pivot stroke-width:4px");
    line("classDef compensation stroke-dasharray:4 3");
  }

  /** A Mermaid flowchart: steps from top to bottom, compensations behind dotted arrows. */
  public static String mermaid(SagaDefinition definition) {
    return new SagaDiagram(definition).text.toString();
  }

  private void node(StepDefinition step) {
    String id = id(step.name());
    if (step instanceof ActionStep action) {
      String label = label(action);
      switch (action.kind()) {
        case COMPENSATABLE -> line("%s[\"%s\"]".formatted(id, label));
        case PIVOT -> line("%s{{\"%s\"}}:::pivot".formatted(id, label));
        case RETRIABLE -> line("%s([\"%s\"])".formatted(id, label));
      }
      if (action.compensation() != null) {
        line("%su[\"undo %s\"]:::compensation".formatted(id, escaped(action.name())));
      }
    } else if (step instanceof AwaitStep await) {
      line("%s[/\"%s\"/]".formatted(id, label(await)));
    }
  }

  private void edges(StepDefinition step) {
    String id = id(step.name());
    if (step.after().isEmpty()) {
      line("start --> " + id);
    }
    step.after().forEach(before -> line("%s --> %s".formatted(id(before), id)));
    if (step instanceof ActionStep action && action.compensation() != null) {
      line("%s -.-> %su".formatted(id, id));
    }
  }

  private static String label(ActionStep step) {
    List<String> lines = new ArrayList<>();
    lines.add(step.name());
    lines.add(
        switch (step.kind()) {
          case COMPENSATABLE -> step.compensation() == null ? "nothing to undo" : "compensatable";
          case PIVOT -> "pivot";
          case RETRIABLE -> "retriable";
        });
    if (step.forEach() != null) {
      lines.add("for each of " + step.forEach());
    }
    return joined(lines, step.wanted());
  }

  private static String label(AwaitStep step) {
    List<String> lines = new ArrayList<>();
    lines.add(step.name());
    lines.add("awaits " + step.eventType());
    if (step.timeout() != null) {
      lines.add(
          "after %s %s"
              .formatted(
                  step.timeout(),
                  step.onTimeout() == OnTimeout.COMPENSATE ? "turns back" : "goes on"));
    }
    return joined(lines, step.wanted());
  }

  private static String joined(List<String> lines, Predicate<Object> wanted) {
    if (wanted instanceof Wanted when) {
      lines.add("when " + when.text());
    }
    return String.join("<br/>", lines.stream().map(SagaDiagram::escaped).toList());
  }

  private String id(String step) {
    return String.valueOf(ids.get(step));
  }

  /** What Mermaid or a browser would read as markup becomes Mermaid's entity codes. */
  private static String escaped(String label) {
    StringBuilder escaped = new StringBuilder();
    label
        .codePoints()
        .forEach(
            c -> {
              if (Character.isLetterOrDigit(c) || " -_.,:/()".indexOf(c) >= 0) {
                escaped.appendCodePoint(c);
              } else {
                escaped.append('#').append(c).append(';');
              }
            });
    return escaped.toString();
  }

  private void line(String line) {
    text.append("  ").append(line).append('\n');
  }
}
