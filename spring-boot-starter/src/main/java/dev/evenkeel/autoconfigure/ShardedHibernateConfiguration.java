package dev.evenkeel.autoconfigure;

import jakarta.persistence.EntityManagerFactory;
import org.hibernate.engine.spi.SessionFactoryImplementor;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** With Hibernate: what it keeps per factory must not pass from shard to shard. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass({SessionFactoryImplementor.class, EntityManagerFactory.class})
class ShardedHibernateConfiguration {

  @Bean
  ShardedJpaChecks evenkeelShardedJpaChecks(ObjectProvider<EntityManagerFactory> factories) {
    return new ShardedJpaChecks(factories);
  }
}
