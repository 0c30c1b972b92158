package dev.evenkeel.autoconfigure.shards;

import java.util.Optional;
import org.springframework.data.repository.Repository;

interface Accounts extends Repository<Account, Long> {

  Account save(Account account);

  Optional<Account> findById(long id);

  long count();
}
