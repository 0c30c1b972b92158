package dev.evenkeel.sample.orders.order;

import dev.evenkeel.sample.orders.service.OfOrders;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import java.net.URI;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.support.ServletUriComponentsBuilder;

/** Orders over HTTP. */
@RestController
@OfOrders
@RequestMapping("/orders")
class OrderController {

  /** Of every order's id, see {@link dev.evenkeel.shard.id.SlotIds}. */
  private static final int ID_VERSION = 7;

  private final OrderDesk desk;

  OrderController(OrderDesk desk) {
    this.desk = desk;
  }

  /** Taken, not done: the order's saga has yet to begin. */
  @PostMapping
  ResponseEntity<OrderView> place(
      @Valid @RequestBody OrderRequest request,
      @RequestHeader(name = "Idempotency-Key", required = false)
          @Pattern(regexp = "[!-~]{1,255}", message = "must be 1 to 255 visible ASCII characters")
          @Nullable String idempotencyKey) {
    OrderView order = desk.place(request, idempotencyKey);
    return ResponseEntity.accepted().location(location(order.orderId())).body(order);
  }

  /** Stored, not done: the saga looks at it next. */
  @PostMapping("/{orderId}/approve")
  ResponseEntity<OrderView> approve(@PathVariable UUID orderId) {
    OrderView order = desk.approve(known(orderId));
    return ResponseEntity.accepted().location(location(orderId)).body(order);
  }

  /** Stored, not done: without effect when the order is confirmed before it is looked at. */
  @PostMapping("/{orderId}/cancel")
  ResponseEntity<OrderView> cancel(
      @PathVariable UUID orderId,
      @Valid @RequestBody(required = false) @Nullable CancelOrder request) {
    CancelOrder why = request == null ? CancelOrder.ON_REQUEST : request;
    OrderView order = desk.cancel(known(orderId), why.reason());
    return ResponseEntity.accepted().location(location(orderId)).body(order);
  }

  @GetMapping("/{orderId}")
  OrderView find(@PathVariable UUID orderId) {
    return desk.find(known(orderId));
  }

  @GetMapping("/{orderId}/timeline")
  OrderTimeline timeline(@PathVariable UUID orderId) {
    return desk.timeline(known(orderId));
  }

  @GetMapping
  List<OrderView> newestOf(
      @RequestParam @Positive long customerId,
      @RequestParam(defaultValue = "50") @Min(1) @Max(200) int limit) {
    return desk.newestOf(customerId, limit);
  }

  private static UUID known(UUID orderId) {
    if (orderId.version() != ID_VERSION) {
      throw new OrderNotFoundException(orderId); // it leads to no shard, and was never given out
    }
    return orderId;
  }

  private static URI location(UUID orderId) {
    return ServletUriComponentsBuilder.fromCurrentContextPath()
        .path("/orders/{orderId}")
        .build(orderId);
  }
}
