package com.example.shop;

import javax.sql.DataSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;

/** A shop with one database and every client. */
@Configuration(proxyBeanMethods = false)
@Import({Clients.class, Shop.class})
public class ShopApplication {

  @Bean
  JdbcTemplate jdbcTemplate(DataSource dataSource) {
    JdbcTemplate jdbc = new JdbcTemplate(dataSource);
    jdbc.execute("CREATE TABLE IF NOT EXISTS placed (id bigint GENERATED ALWAYS AS IDENTITY)");
    return jdbc;
  }
}
