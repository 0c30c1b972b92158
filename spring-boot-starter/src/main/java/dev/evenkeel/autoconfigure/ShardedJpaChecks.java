package dev.evenkeel.autoconfigure;

import jakarta.persistence.EntityManagerFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.hibernate.engine.spi.SessionFactoryImplementor;
import org.hibernate.generator.Generator;
import org.hibernate.id.enhanced.SequenceStyleGenerator;
import org.hibernate.id.enhanced.TableGenerator;
import org.hibernate.persister.entity.EntityPersister;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;

/**
 * Refuses what Hibernate keeps for a whole entity manager factory as if it were one database:
 * blocks of generated ids, a second-level cache, and the generation of the schema.
 */
final class ShardedJpaChecks implements SmartInitializingSingleton {

  private static final Set<String> HARMLESS_DDL = Set.of("none", "validate");

  private final ObjectProvider<EntityManagerFactory> factories;

  ShardedJpaChecks(ObjectProvider<EntityManagerFactory> factories) {
    this.factories = factories;
  }

  @Override
  public void afterSingletonsInstantiated() {
    factories.forEach(ShardedJpaChecks::check);
  }

  private static void check(EntityManagerFactory factory) {
    SessionFactoryImplementor hibernate = factory.unwrap(SessionFactoryImplementor.class);
    List<String> mistakes = new ArrayList<>();
    hibernate
        .getMappingMetamodel()
        .forEachEntityDescriptor(
            entity -> {
              if (drawsBlocks(entity)) {
                mistakes.add(
                    "the ids of %s come in blocks that are drawn on one shard and would be used on others, so use @SlotCarryingId, @SnowflakeId or @ShardSequenceId, or allocationSize = 1"
                        .formatted(entity.getEntityName()));
              }
            });
    if (hibernate.getSessionFactoryOptions().isSecondLevelCacheEnabled()) {
      mistakes.add(
          "the second-level cache would mix entities of different shards, so set spring.jpa.properties.hibernate.cache.use_second_level_cache=false");
    }
    Object ddl = factory.getProperties().get("hibernate.hbm2ddl.auto");
    if (ddl != null && !HARMLESS_DDL.contains(ddl.toString())) {
      mistakes.add(
          "spring.jpa.hibernate.ddl-auto=%s would change one shard only, so set none or validate and use migrations"
              .formatted(ddl));
    }
    if (!mistakes.isEmpty()) {
      throw new EvenkeelConfigurationException("JPA on shards: " + String.join("; ", mistakes));
    }
  }

  private static boolean drawsBlocks(EntityPersister entity) {
    Generator generator = entity.getGenerator();
    if (generator instanceof SequenceStyleGenerator sequence) {
      return sequence.getOptimizer().getIncrementSize() > 1;
    }
    return generator instanceof TableGenerator table && table.getOptimizer().getIncrementSize() > 1;
  }
}
