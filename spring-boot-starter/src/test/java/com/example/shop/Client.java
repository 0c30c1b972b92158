package com.example.shop;

/** What a {@link Shop} can call. */
public enum Client {
  KAFKA("kafka"),
  RABBIT("rabbit"),
  JMS("jms"),
  REST_TEMPLATE("http"),
  REST_CLIENT("http"),
  WEB_CLIENT("http"),
  HTTP_SERVICE("http");

  private final String kind;

  Client(String kind) {
    this.kind = kind;
  }

  /** Its tag in metrics. */
  public String kind() {
    return kind;
  }
}
