package dev.evenkeel.shard;

import com.zaxxer.hikari.HikariDataSource;
import dev.evenkeel.testing.database.DatabaseInfo;
import java.io.IOException;

/**
 * A second process: says on which shard slot 0 lies, each time that changes, until its input ends.
 */
final class NodeProcess {

  private NodeProcess() {}

  /** Arguments: name, URL, user and password of the catalogue, name of the node. */
  public static void main(String[] arguments) throws IOException {
    DatabaseInfo info = new DatabaseInfo(arguments[0], arguments[1], arguments[2], arguments[3]);
    HikariDataSource pool = Catalogue.pool(info);
    ShardNode node = new ShardNode(arguments[4], ShardNode.newTag(), true, pool, Catalogue.SCHEMA);
    node.start();
    Thread watch =
        new Thread(
            () -> {
              String said = "";
              while (true) {
                String shard = node.map().entry(0).shard();
                if (!shard.equals(said)) {
                  System.out.println(shard);
                  said = shard;
                }
                Thread.onSpinWait();
              }
            });
    watch.setDaemon(true);
    watch.start();
    while (System.in.read() >= 0) {
      Thread.onSpinWait();
    }
    Runtime.getRuntime().halt(0); // as a killed process: it does not say that it leaves
  }
}
