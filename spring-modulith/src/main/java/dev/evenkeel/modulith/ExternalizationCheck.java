package dev.evenkeel.modulith;

import dev.evenkeel.autoconfigure.EvenkeelConfigurationException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.modulith.events.ExternalizationMode;
import org.springframework.modulith.events.support.DelegatingEventExternalizer;
import org.springframework.modulith.events.support.EventExternalizerModuleListener;

/**
 * Refuses a second way out. Modulith's broker modules send after the commit, unless told not to: an
 * event that is in the outbox would go out twice, once outside its order.
 */
final class ExternalizationCheck implements SmartInitializingSingleton {

  @SuppressWarnings("removal") // Modulith still calls it
  private static final List<Class<?>> SENDERS =
      List.of(EventExternalizerModuleListener.class, DelegatingEventExternalizer.class);

  private final ListableBeanFactory beans;

  ExternalizationCheck(ListableBeanFactory beans) {
    this.beans = beans;
  }

  @Override
  public void afterSingletonsInstantiated() {
    Set<String> senders = new TreeSet<>();
    for (Class<?> sender : SENDERS) {
      senders.addAll(List.of(beans.getBeanNamesForType(sender)));
    }
    if (!senders.isEmpty()) {
      throw new EvenkeelConfigurationException(
          ("The beans %s send externalized events after the commit, and Evenkeel's outbox sends them,"
                  + " too: remove the Spring Modulith module that they come from, or set %s to outbox"
                  + " to keep it silent, or to module-listener to keep these events out of the outbox")
              .formatted(senders, ExternalizationMode.PROPERTY));
    }
  }
}
