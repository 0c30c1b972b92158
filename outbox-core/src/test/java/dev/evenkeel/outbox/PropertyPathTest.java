package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class PropertyPathTest {

  private record Customer(Long id, String name) {}

  private record Placed(long orderId, Customer customer) {}

  /** A class in the style of beans. */
  public static final class Bean {
    private final boolean vip;

    Bean(boolean vip) {
      this.vip = vip;
    }

    public String getName() {
      return "bean";
    }

    public boolean isVip() {
      return vip;
    }

    public String getBroken() {
      throw new UnsupportedOperationException("broken");
    }

    public void nothing() {}
  }

  @Test
  void readsAComponentOfARecord() {
    assertThat(PropertyPath.of("key", Placed.class, "orderId").read(new Placed(7, null)))
        .isEqualTo("7");
  }

  @Test
  void readsAPath() {
    assertThat(
            PropertyPath.of("key", Placed.class, "customer.id")
                .read(new Placed(7, new Customer(12L, ""))))
        .isEqualTo("12");
  }

  @Test
  void readsGetters() {
    assertThat(PropertyPath.of("key", Bean.class, "name").read(new Bean(true))).isEqualTo("bean");
    assertThat(PropertyPath.of("key", Bean.class, "vip").read(new Bean(true))).isEqualTo("true");
  }

  @Test
  void namesThePropertyThatDoesNotExist() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PropertyPath.of("key", Placed.class, "customer.number"))
        .withMessage(
            "key \"customer.number\" of %s: %s has no property \"number\"",
            Placed.class.getName(), Customer.class.getName());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PropertyPath.of("key", Placed.class, "customer."));
    assertThatIllegalArgumentException().isThrownBy(() -> PropertyPath.of("key", Placed.class, ""));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PropertyPath.of("key", Bean.class, "nothing"));
  }

  @Test
  void refusesANullAnywhereOnThePath() {
    PropertyPath path = PropertyPath.of("key", Placed.class, "customer.id");
    String expected =
        "key \"customer.id\" of %s must not be null or blank, was null"
            .formatted(Placed.class.getName());

    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> path.read(new Placed(7, null)))
        .withMessage(expected);
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> path.read(new Placed(7, new Customer(null, "x"))))
        .withMessage(expected);
  }

  @Test
  void refusesABlankKey() {
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(
            () ->
                PropertyPath.of("key", Placed.class, "customer.name")
                    .read(new Placed(7, new Customer(1L, "  "))))
        .withMessageEndingWith("must not be null or blank, was blank");
  }

  @Test
  void saysThatAnAccessorFailed() {
    assertThatExceptionOfType(OutboxException.class)
        .isThrownBy(() -> PropertyPath.of("key", Bean.class, "broken").read(new Bean(false)))
        .withMessageContaining("key \"broken\" of")
        .havingRootCause()
        .withMessage("broken");
  }
}
