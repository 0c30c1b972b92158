package dev.evenkeel.sample.orders.stock;

import dev.evenkeel.sample.orders.service.OfWarehouses;
import jakarta.validation.Valid;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Stock over HTTP. */
@RestController
@OfWarehouses
@RequestMapping("/stock/{sku}")
class StockController {

  private final StockService stock;

  StockController(StockService stock) {
    this.stock = stock;
  }

  /** A level as HTTP shows it. */
  record StockView(long onHand, long reserved, long available) {

    static StockView of(StockLevel level) {
      return new StockView(level.onHand(), level.reserved(), level.available());
    }
  }

  @GetMapping
  StockView level(@PathVariable @Sku String sku) {
    return StockView.of(stock.level(sku));
  }

  @PutMapping
  StockView set(@PathVariable @Sku String sku, @Valid @RequestBody SetStock request) {
    return StockView.of(stock.set(sku, request.onHand()));
  }
}
