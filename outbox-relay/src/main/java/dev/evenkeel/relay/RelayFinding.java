package dev.evenkeel.relay;

/**
 * Something that is wrong, or soon may be.
 *
 * @param severity how bad
 * @param what what was found, a sentence without its full stop
 * @param remedy what to do about it, the same
 */
public record RelayFinding(Severity severity, String what, String remedy) {

  /** How bad a finding is. */
  public enum Severity {
    /** Messages still leave; somebody should look at it in the day. */
    WARNING,
    /** Messages do not leave, or some may be missing until a reconciliation has ended. */
    BROKEN
  }

  static RelayFinding broken(String what, String remedy) {
    return new RelayFinding(Severity.BROKEN, what, remedy);
  }

  static RelayFinding warning(String what, String remedy) {
    return new RelayFinding(Severity.WARNING, what, remedy);
  }

  /** Whether messages do not leave, or some may be missing. */
  public boolean broken() {
    return severity == Severity.BROKEN;
  }

  /** Both sentences. */
  @Override
  public String toString() {
    return what + "; " + remedy;
  }
}
