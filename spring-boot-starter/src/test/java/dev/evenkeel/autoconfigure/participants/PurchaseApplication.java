package dev.evenkeel.autoconfigure.participants;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * Purchases, whose steps are carried out by a ledger and a depot. With the profile {@code shop} it
 * has the saga, with {@code services} its participants.
 */
@SpringBootApplication(
    excludeName = {
      "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration",
      "org.springframework.boot.data.jpa.autoconfigure.DataJpaRepositoriesAutoConfiguration"
    })
class PurchaseApplication {}
