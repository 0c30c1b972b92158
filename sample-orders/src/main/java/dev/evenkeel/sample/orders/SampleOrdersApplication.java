package dev.evenkeel.sample.orders;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.scheduling.annotation.EnableScheduling;

/** The order application. */
@SpringBootApplication
@EnableScheduling
public class SampleOrdersApplication {

  /** Starts the application; it runs until the process is told to end. */
  public static void main(String[] args) {
    SpringApplication.run(SampleOrdersApplication.class, args);
  }
}
