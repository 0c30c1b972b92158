package dev.evenkeel.autoconfigure.security;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.security.Principal;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Events and sagas by plain JDBC. */
@SpringBootApplication(
    excludeName = {
      "org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration",
      "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration",
      "org.springframework.boot.data.jpa.autoconfigure.DataJpaRepositoriesAutoConfiguration"
    })
class CardApplication {

  static final String USER_HEADER = "X-User";

  /** Stands for the application's login: whoever names himself is that. */
  @Bean
  Filter login() {
    return (request, response, chain) ->
        chain.doFilter(
            new HttpServletRequestWrapper((HttpServletRequest) request) {
              @Override
              public Principal getUserPrincipal() {
                String name = getHeader(USER_HEADER);
                return name == null ? null : () -> name;
              }
            },
            response);
  }
}
