package dev.evenkeel.autoconfigure.participants;

import dev.evenkeel.autoconfigure.TestApplications;
import java.util.List;
import org.springframework.context.ConfigurableApplicationContext;

/** All in one process, which is the default for participants that are there. */
class LocalPurchaseIT extends PurchaseContract {

  private final ConfigurableApplicationContext application =
      TestApplications.start(
          databases().get("home"),
          PurchaseApplication.class,
          with(ALL, "evenkeel.relay.enabled=false"));

  LocalPurchaseIT() {
    super("home");
  }

  @Override
  List<ConfigurableApplicationContext> applications() {
    return List.of(application);
  }

  @Override
  boolean isRemote() {
    return false;
  }

  @Override
  String databaseOfShelf(String shelf) {
    return "home";
  }

  @Override
  String databaseOfAccount(String account) {
    return "home";
  }
}
