package com.example.mistakes;

import org.springframework.context.ApplicationEvent;
import org.springframework.modulith.events.Externalized;

@Externalized("somewhere::fixed")
public class SpringStyle extends ApplicationEvent {

  private static final long serialVersionUID = 1L;

  public SpringStyle(Object source) {
    super(source);
  }
}
