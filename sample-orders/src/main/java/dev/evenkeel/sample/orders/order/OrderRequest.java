package dev.evenkeel.sample.orders.order;

import dev.evenkeel.sample.orders.stock.Sku;
import jakarta.validation.Valid;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.math.BigDecimal;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The body of {@code POST /orders}. Its bounds keep every sum inside the columns' precision.
 *
 * @param customerId from 1 to 2^53 - 1, what every JSON reader holds exactly
 * @param lines 1 to 100
 */
record OrderRequest(
    @NotNull @Positive @Max(MAX_CUSTOMER_ID) Long customerId,
    @NotEmpty @Size(max = 100) List<@NotNull @Valid Line> lines) {

  static final long MAX_CUSTOMER_ID = 9_007_199_254_740_991L;

  /**
   * One article.
   *
   * @param unitPrice decimal text from 0.01 to 999999.99, two decimals at most
   */
  record Line(
      @NotNull @Sku String sku,
      @NotNull @Min(1) @Max(1_000) Integer quantity,
      @NotNull
          @Pattern(
              regexp = "[0-9]{1,6}(\\.[0-9]{1,2})?",
              message =
                  "must be a decimal such as \"19.90\", at most 999999.99, two decimals at most")
          @DecimalMin("0.01")
          String unitPrice) {}

  /** The lines as the saga gets them. Call it on a validated body only. */
  List<PlaceOrder.Line> numberedLines() {
    return IntStream.range(0, lines.size())
        .mapToObj(
            number -> {
              Line line = lines.get(number);
              return new PlaceOrder.Line(
                  number,
                  line.sku(),
                  line.quantity(),
                  new BigDecimal(line.unitPrice()).setScale(2));
            })
        .toList();
  }
}
