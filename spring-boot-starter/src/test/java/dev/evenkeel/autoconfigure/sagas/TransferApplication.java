package dev.evenkeel.autoconfigure.sagas;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Transfers between accounts, by plain JDBC. */
@SpringBootApplication(
    excludeName = {
      "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration",
      "org.springframework.boot.data.jpa.autoconfigure.DataJpaRepositoriesAutoConfiguration"
    })
class TransferApplication {}
