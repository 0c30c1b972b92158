package dev.evenkeel.autoconfigure;

import dev.evenkeel.shard.ShardDatabase;
import dev.evenkeel.shard.ShardNode;
import dev.evenkeel.shard.ShardStatus;
import dev.evenkeel.shard.Shards;
import dev.evenkeel.shard.lint.LinterOptions;
import dev.evenkeel.shard.lint.ShardKeyLinter;
import dev.evenkeel.shard.lint.TableReport;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/**
 * The actuator endpoint {@code evenkeelshards}: shards, slots and nodes; and, with a table's name,
 * what the shard-key linter says of its columns. A report shows a column's most frequent value, so
 * expose the endpoint to those only who may see the data.
 */
@Endpoint(id = "evenkeelshards")
public final class EvenkeelShardsEndpoint {

  private final Shards shards;
  private final ShardNode node;
  private final String catalogue;
  private final ConnectionBudget budget;

  EvenkeelShardsEndpoint(Shards shards, ShardNode node, String catalogue, ConnectionBudget budget) {
    this.shards = shards;
    this.node = node;
    this.catalogue = catalogue;
    this.budget = budget;
  }

  /**
   * Everything at one moment.
   *
   * @param catalogue the shard that holds the slot map
   * @param trouble what keeps this node from the catalogue; null when nothing does
   * @param mapVersion version of the slot map that this node routes by; null before it is known
   * @param nodes living processes that run relays
   */
  public record ShardsDescriptor(
      String catalogue,
      @Nullable String trouble,
      @Nullable Long mapVersion,
      List<ShardDescriptor> shards,
      Set<String> nodes) {}

  /**
   * One shard.
   *
   * @param connections share of the server's connections that all declared instances can open; null
   *     while the server has not been asked
   */
  public record ShardDescriptor(
      String name,
      ShardStatus.State state,
      int slots,
      String detail,
      @Nullable Double connections) {}

  /** Shows the shards. */
  @ReadOperation
  public ShardsDescriptor shards() {
    return new ShardsDescriptor(
        catalogue,
        node.trouble(),
        node.isReady() ? node.map().version() : null,
        shards.statuses().stream().map(this::describe).toList(),
        node.relayingNodes());
  }

  private ShardDescriptor describe(ShardStatus status) {
    double share = budget.share(status.name());
    return new ShardDescriptor(
        status.name(),
        status.state(),
        status.slots(),
        status.detail(),
        Double.isNaN(share) ? null : share);
  }

  /**
   * Judges columns of a table as shard keys. It reads the table on one shard, which takes its time
   * for a large one: name the columns.
   *
   * @param columns the candidates; default: every column that can be a key
   * @param shard where to look; default: the catalogue shard
   * @param forShards number of shards to judge for; default: as many as there are
   */
  @ReadOperation
  public TableReport lint(
      @Selector String table,
      @Nullable List<String> columns,
      @Nullable String shard,
      @Nullable Integer forShards) {
    String where = shard == null ? catalogue : shard;
    ShardDatabase database =
        shards.databases().stream()
            .filter(candidate -> candidate.name().equals(where))
            .findFirst()
            .orElseThrow(
                () ->
                    new InvalidEndpointRequestException(
                        "There is no shard \"%s\"; there are %s".formatted(where, shards.names()),
                        "shard"));
    try {
      LinterOptions options =
          LinterOptions.forShards(forShards == null ? shards.names().size() : forShards);
      ShardKeyLinter linter = new ShardKeyLinter(database.primary(), options);
      return columns == null ? linter.lint(table) : linter.lint(table, columns);
    } catch (IllegalArgumentException e) {
      throw new InvalidEndpointRequestException(String.valueOf(e.getMessage()), "table");
    }
  }
}
