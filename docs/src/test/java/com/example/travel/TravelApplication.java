package com.example.travel;

import java.util.UUID;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** The application. */
@SpringBootApplication
public class TravelApplication {

  /** Starts it; it runs until it is told to end. */
  public static void main(String[] arguments) {
    SpringApplication.run(TravelApplication.class, arguments);
  }

  @Bean
  CommandLineRunner firstTrips(Travel travel) {
    return arguments -> {
      travel.book("ann", 100);
      travel.book("bob", 100); // who has 50
      UUID expensive = travel.book("ann", 900);
      travel.approve(expensive, "ann", "carla");
      travel.book("ann", 600); // waits
    };
  }
}
