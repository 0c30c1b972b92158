package dev.evenkeel.shard.guard;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.bakery.Bakery;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CallSiteTest {

  private final AtomicReference<CallSite> found = new AtomicReference<>();

  private void look() {
    found.set(CallSite.find());
  }

  @Test
  void firstFrameOfTheApplicationIsTheCallSite() {
    // Through the JDK's frames and this framework's.
    new Bakery().call(() -> List.of(1).forEach(each -> look()));

    assertThat(found.get().frame()).startsWith("com.example.bakery.Bakery.call(Bakery.java:");
    assertThat(found.get().allowed()).isFalse();
    assertThat(found.get().withoutReason()).isNull();
  }

  @Test
  void methodFurtherOutExempts() {
    new Bakery().callWithCare(this::look);

    assertThat(found.get().allowed()).isTrue();
  }

  @Test
  void overloadWithoutTheAnnotationExemptsNothing() {
    new Bakery().callWithCare(this::look, 1);

    assertThat(found.get().allowed()).isFalse();
  }

  @Test
  void lambdaInsideTheMethodIsExempted() {
    new Bakery().callInALambdaWithCare(this::look);

    assertThat(found.get().allowed()).isTrue();
  }

  @Test
  void constructorExempts() {
    new Bakery(this::look);

    assertThat(found.get().allowed()).isTrue();
  }

  @Test
  void classAndWhatIsInsideItExempts() {
    new Bakery.Careful().call(this::look);
    assertThat(found.get().allowed()).isTrue();

    found.set(null);
    new Bakery.Careful.Inner().call(this::look);
    assertThat(found.get().allowed()).isTrue();
  }

  @Test
  void blankReasonExemptsNothingAndIsNamed() {
    new Bakery().callWithoutReason(this::look);

    assertThat(found.get().allowed()).isFalse();
    assertThat(found.get().withoutReason())
        .startsWith("com.example.bakery.Bakery.callWithoutReason(");
  }
}
