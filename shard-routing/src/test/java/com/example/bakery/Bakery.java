package com.example.bakery;

import dev.evenkeel.shard.guard.DualWriteAllowed;
import java.util.List;

/** An application's class, outside the framework's packages. */
public final class Bakery {

  public Bakery() {}

  @DualWriteAllowed(because = "nothing is open while beans are made")
  public Bakery(Runnable work) {
    work.run();
  }

  public void call(Runnable work) {
    work.run();
  }

  @DualWriteAllowed(because = "the receiver asks again")
  public void callWithCare(Runnable work) {
    call(work);
  }

  public void callWithCare(Runnable work, int times) {
    for (int i = 0; i < times; i++) {
      call(work);
    }
  }

  @DualWriteAllowed(because = "the receiver asks again")
  public void callInALambdaWithCare(Runnable work) {
    List.of(work).forEach(each -> each.run());
  }

  @DualWriteAllowed(because = " ")
  public void callWithoutReason(Runnable work) {
    call(work);
  }

  /** All of it is careful. */
  @DualWriteAllowed(because = "an audit log that may miss lines")
  public static final class Careful {

    public void call(Runnable work) {
      work.run();
    }

    /** This too. */
    public static final class Inner {

      public void call(Runnable work) {
        work.run();
      }
    }
  }
}
