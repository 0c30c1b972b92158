package dev.evenkeel.outbox.spi;

import javax.sql.DataSource;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * One database that handlers write to. It holds an installation's schema of the same name.
 *
 * @param name for logs and errors, unique among targets
 * @param dataSource where the inbox row goes
 * @param transactionManager runs transactions on that data source
 */
public record TransactionTarget(
    String name, DataSource dataSource, PlatformTransactionManager transactionManager) {}
