package dev.evenkeel.saga;

/**
 * One step of one instance.
 *
 * @param step name
 * @param item of a {@code forEach} step, from 0; else 0
 */
record StepKey(String step, int item) {

  private static final char SEPARATOR = '/';

  /** What {@link #toString()} wrote; step names have no slash. */
  static StepKey parse(String text) {
    int slash = text.lastIndexOf(SEPARATOR);
    return new StepKey(text.substring(0, slash), Integer.parseInt(text.substring(slash + 1)));
  }

  @Override
  public String toString() {
    return step + SEPARATOR + item;
  }
}
