package dev.evenkeel.autoconfigure.shards;

/** A request whose key can be changed, as careless code does. */
final class Opening {

  private Long accountId;
  private final long recommendedBy;

  Opening(Long accountId, long recommendedBy) {
    this.accountId = accountId;
    this.recommendedBy = recommendedBy;
  }

  public Long getAccountId() {
    return accountId;
  }

  void setAccountId(Long accountId) {
    this.accountId = accountId;
  }

  long recommendedBy() {
    return recommendedBy;
  }
}
