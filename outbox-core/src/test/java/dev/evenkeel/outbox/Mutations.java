package dev.evenkeel.outbox;

import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** What parsers of outside input are fed: noise, and valid input with a few bytes changed. */
final class Mutations {

  private Mutations() {}

  private record Edit(double at, byte value, int kind) {}

  static Arbitrary<byte[]> noise() {
    return Arbitraries.bytes().array(byte[].class).ofMaxSize(200);
  }

  /** Bytes replaced, put in and taken out. */
  static Arbitrary<byte[]> of(byte[]... valid) {
    Arbitrary<List<Edit>> edits =
        Combinators.combine(
                Arbitraries.doubles().between(0, 1),
                Arbitraries.bytes(),
                Arbitraries.integers().between(0, 3))
            .as(Edit::new)
            .list()
            .ofMaxSize(4);
    return Combinators.combine(Arbitraries.of(valid), edits).as(Mutations::mutated);
  }

  static Arbitrary<String> ofText(String... valid) {
    byte[][] bytes = new byte[valid.length][];
    for (int i = 0; i < valid.length; i++) {
      bytes[i] = valid[i].getBytes(StandardCharsets.UTF_8);
    }
    return Arbitraries.oneOf(
        of(bytes).map(text -> new String(text, StandardCharsets.UTF_8)), Arbitraries.strings());
  }

  private static byte[] mutated(byte[] valid, List<Edit> edits) {
    byte[] bytes = valid;
    for (Edit edit : edits) {
      int at = (int) (edit.at() * bytes.length);
      int taken = edit.kind() == 0 ? 0 : Math.min(1, bytes.length - at);
      int put = edit.kind() == 1 ? 0 : 1;
      byte[] next = new byte[bytes.length - taken + put];
      System.arraycopy(bytes, 0, next, 0, at);
      if (put == 1) {
        next[at] = edit.value();
      }
      System.arraycopy(bytes, at + taken, next, at + put, bytes.length - at - taken);
      bytes = next;
    }
    return bytes;
  }
}
