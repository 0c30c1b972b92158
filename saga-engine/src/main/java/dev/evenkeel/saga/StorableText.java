package dev.evenkeel.saga;

/**
 * Text from outside, such as an exception's message, as PostgreSQL can store it: without the
 * character U+0000 and halves of surrogate pairs, which it refuses in text and in JSON.
 */
final class StorableText {

  private static final char REPLACEMENT = '\ufffd';

  private StorableText() {}

  /**
   * Makes text storable.
   *
   * @param longest in characters; what is beyond is cut off
   */
  static String of(String text, int longest) {
    StringBuilder clean = new StringBuilder(Math.min(text.length(), longest));
    for (int i = 0; i < text.length() && clean.length() < longest; i++) {
      char c = text.charAt(i);
      boolean isPair =
          Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1))
              && clean.length() + 1 < longest;
      if (isPair) {
        clean.append(c).append(text.charAt(++i));
      } else {
        clean.append(c == 0 || Character.isSurrogate(c) ? REPLACEMENT : c);
      }
    }
    return clean.toString();
  }
}
