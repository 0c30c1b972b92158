package dev.evenkeel.saga;

/**
 * Names one external call of one saga: the same at every attempt and for its compensation, so that
 * the service that is called does it once, or voids a call that comes after its compensation. A
 * parameter of external steps and their compensations.
 *
 * @param value {@code <saga id>:<step>:<item>}
 */
public record IdempotencyKey(String value) {

  @Override
  public String toString() {
    return value;
  }
}
