package com.example.greeter;

import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** The application. */
@SpringBootApplication
public class GreeterApplication {

  /** Starts it; it runs until it is told to end. */
  public static void main(String[] arguments) {
    SpringApplication.run(GreeterApplication.class, arguments);
  }

  @Bean
  CommandLineRunner firstGuest(Reception reception) {
    return arguments -> reception.arrive(7);
  }
}
