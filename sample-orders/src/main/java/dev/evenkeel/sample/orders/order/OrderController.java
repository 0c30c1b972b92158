package dev.evenkeel.sample.orders.order;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Positive;
import java.net.URI;
import java.util.List;
import java.util.UUID;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.support.ServletUriComponentsBuilder;

/** Orders over HTTP. */
@RestController
@RequestMapping("/orders")
class OrderController {

  /** Of every order's id, see {@link dev.evenkeel.shard.id.SlotIds}. */
  private static final int ID_VERSION = 7;

  private final OrderService orders;

  OrderController(OrderService orders) {
    this.orders = orders;
  }

  @PostMapping
  ResponseEntity<OrderView> place(@Valid @RequestBody PlaceOrder request) {
    OrderView placed = orders.place(request);
    URI location =
        ServletUriComponentsBuilder.fromCurrentRequest().path("/{orderId}").build(placed.orderId());
    return ResponseEntity.created(location).body(placed);
  }

  @GetMapping("/{orderId}")
  OrderView find(@PathVariable UUID orderId) {
    if (orderId.version() != ID_VERSION) {
      throw new OrderNotFoundException(orderId); // it leads to no shard, and was never given out
    }
    return orders.find(orderId);
  }

  @GetMapping
  List<OrderView> newestOf(
      @RequestParam @Positive long customerId,
      @RequestParam(defaultValue = "50") @Min(1) @Max(200) int limit) {
    return orders.newestOf(customerId, limit);
  }
}
