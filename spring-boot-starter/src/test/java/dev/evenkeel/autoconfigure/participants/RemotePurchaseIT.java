package dev.evenkeel.autoconfigure.participants;

import dev.evenkeel.autoconfigure.TestApplications;
import java.util.List;
import org.springframework.context.ConfigurableApplicationContext;

/** All in one process, which asks itself by messages that its own relay carries. */
class RemotePurchaseIT extends PurchaseContract {

  private final ConfigurableApplicationContext application =
      TestApplications.start(
          databases().get("home"),
          PurchaseApplication.class,
          with(ALL, "evenkeel.saga.remote-participants=*"));

  RemotePurchaseIT() {
    super("home");
  }

  @Override
  List<ConfigurableApplicationContext> applications() {
    return List.of(application);
  }

  @Override
  boolean isRemote() {
    return true;
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
