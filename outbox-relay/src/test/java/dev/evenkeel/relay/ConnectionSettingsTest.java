package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConnectionSettingsTest {

  @Test
  void oneOfSeveralHostsIsTakenAndEverythingElseKept() {
    ConnectionSettings several =
        settings("jdbc:postgresql://a:1,b:2/orders?targetServerType=primary&sslmode=require");
    assertThat(several.severalHosts()).isTrue();
    assertThat(several.at("b:2"))
        .isEqualTo(
            settings("jdbc:postgresql://b:2/orders?targetServerType=primary&sslmode=require"));
    assertThat(several.at("b:2").severalHosts()).isFalse();
  }

  @Test
  void urlsOfEveryFormStayWhatTheyAre() {
    assertThat(settings("jdbc:postgresql://a/orders?x=1,2").severalHosts()).isFalse();
    assertThat(settings("jdbc:postgresql://a").at("a:5432"))
        .isEqualTo(settings("jdbc:postgresql://a:5432"));
    assertThat(settings("jdbc:postgresql://a?user=u").at("a:5432"))
        .isEqualTo(settings("jdbc:postgresql://a:5432?user=u"));
    assertThat(settings("jdbc:postgresql:orders").at("localhost:5432"))
        .isEqualTo(settings("jdbc:postgresql:orders"));
  }

  private static ConnectionSettings settings(String url) {
    return new ConnectionSettings(url, "relay", "secret");
  }
}
