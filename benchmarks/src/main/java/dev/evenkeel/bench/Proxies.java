package dev.evenkeel.bench;

import org.springframework.aop.Advisor;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.transaction.TransactionManager;
import org.springframework.transaction.annotation.AnnotationTransactionAttributeSource;
import org.springframework.transaction.interceptor.TransactionInterceptor;

/** Proxies of annotated beans, as Spring Boot's auto-proxying makes them: by subclass. */
final class Proxies {

  private Proxies() {}

  /**
   * Obeys {@code @Transactional}.
   *
   * @param outer what comes before the transaction begins
   */
  static OrderWriter transactional(
      OrderWriter bean, TransactionManager transactions, Advisor... outer) {
    ProxyFactory factory = new ProxyFactory(bean);
    factory.setProxyTargetClass(true);
    factory.addAdvisors(outer);
    factory.addAdvice(
        new TransactionInterceptor(transactions, new AnnotationTransactionAttributeSource()));
    return (OrderWriter) factory.getProxy();
  }
}
