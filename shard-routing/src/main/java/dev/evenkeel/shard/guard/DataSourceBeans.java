package dev.evenkeel.shard.guard;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.jdbc.datasource.lookup.AbstractRoutingDataSource;
import org.springframework.transaction.support.TransactionSynchronizationUtils;

/** The data sources of an application: how many, what they are called, which are the same. */
final class DataSourceBeans {

  private final ConfigurableListableBeanFactory beans;

  DataSourceBeans(ConfigurableListableBeanFactory beans) {
    this.beans = beans;
  }

  private Stream<String> names() {
    return Stream.of(beans.getBeanNamesForType(DataSource.class, true, false))
        .filter(name -> !ScopedProxyUtils.isScopedTarget(name));
  }

  /** Whether one bean can get in another's way. */
  boolean several() {
    return names().limit(2).count() == 2;
  }

  /** For messages. Makes no beans. */
  String describe(DataSource dataSource) {
    return names()
        .filter(name -> isNamed(name, dataSource))
        .findFirst()
        .map(name -> "DataSource '" + name + "'")
        .orElseGet(() -> "a DataSource of " + targetOf(dataSource).getClass().getName());
  }

  private boolean isNamed(String name, DataSource dataSource) {
    Object bean = beans.getSingleton(name);
    return bean != null && targetOf(bean) == targetOf(dataSource);
  }

  /**
   * Whether both end in a database connection of the same data source. Wrappers stand for what they
   * wrap, and a routing one for all it routes to.
   */
  static boolean same(DataSource one, DataSource other) {
    return !Collections.disjoint(ends(one), ends(other));
  }

  private static Set<Object> ends(DataSource dataSource) {
    Set<Object> ends = Collections.newSetFromMap(new IdentityHashMap<>());
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<Object> open = new ArrayDeque<>(List.of(dataSource));
    while (!open.isEmpty()) { // each is looked at once
      Object next = targetOf(open.remove());
      if (!seen.add(next)) {
        continue;
      }
      List<DataSource> targets = wrapped(next);
      if (targets.isEmpty()) {
        ends.add(next);
      }
      open.addAll(targets);
    }
    return ends;
  }

  private static List<DataSource> wrapped(Object dataSource) {
    if (dataSource instanceof DelegatingDataSource delegating) {
      DataSource target = delegating.getTargetDataSource();
      return target == null ? List.of() : List.of(target);
    }
    if (dataSource instanceof AbstractRoutingDataSource routing) {
      DataSource fallback = routing.getResolvedDefaultDataSource();
      return Stream.concat(
              routing.getResolvedDataSources().values().stream(), Stream.ofNullable(fallback))
          .toList();
    }
    return List.of();
  }

  /** What is behind scoped proxies, as transactions know them, and behind advice. */
  private static Object targetOf(Object bean) {
    Object unwrapped = TransactionSynchronizationUtils.unwrapResourceIfNecessary(bean);
    Object target = AopProxyUtils.getSingletonTarget(unwrapped);
    return target == null ? unwrapped : target;
  }
}
