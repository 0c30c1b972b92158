package dev.evenkeel.outbox;

import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;

/**
 * What is wrong with a JSON text, without its data: Jackson's own messages quote values, and end up
 * in logs and in the column {@code error}.
 */
public final class JsonMistake {

  private JsonMistake() {}

  /** Kind, place, and the properties that lead there. */
  public static String of(JacksonException e) {
    TokenStreamLocation at = e.getLocation();
    StringBuilder text = new StringBuilder(e.getClass().getSimpleName());
    if (at != null && at.getLineNr() > 0) {
      text.append(" at line ").append(at.getLineNr()).append(", column ").append(at.getColumnNr());
    }
    StringBuilder path = new StringBuilder();
    for (JacksonException.Reference step : e.getPath()) {
      if (step.getPropertyName() == null) {
        path.append('[').append(step.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(step.getPropertyName());
      }
    }
    return path.isEmpty() ? text.toString() : text.append(" in ").append(path).toString();
  }
}
