package dev.evenkeel.transport.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.evenkeel.relay.ConnectConnector;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.connect.connector.policy.AllConnectorClientConfigOverridePolicy;
import org.apache.kafka.connect.connector.policy.ConnectorClientConfigOverridePolicy;
import org.apache.kafka.connect.runtime.Herder;
import org.apache.kafka.connect.runtime.Worker;
import org.apache.kafka.connect.runtime.distributed.DistributedConfig;
import org.apache.kafka.connect.runtime.distributed.DistributedHerder;
import org.apache.kafka.connect.runtime.isolation.Plugins;
import org.apache.kafka.connect.runtime.rest.entities.ConfigInfo;
import org.apache.kafka.connect.runtime.rest.entities.ConfigInfos;
import org.apache.kafka.connect.runtime.rest.entities.ConnectorInfo;
import org.apache.kafka.connect.runtime.rest.entities.ConnectorStateInfo;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.KafkaConfigBackingStore;
import org.apache.kafka.connect.storage.KafkaOffsetBackingStore;
import org.apache.kafka.connect.storage.KafkaStatusBackingStore;
import org.apache.kafka.connect.util.FutureCallback;
import org.apache.kafka.connect.util.SharedTopicAdmin;
import org.jspecify.annotations.Nullable;

/**
 * A cluster of Kafka Connect with one worker, in this process: the distributed one, with its own
 * topics for configuration, offsets and states, and with transactions. Only its REST server is
 * missing.
 */
final class ConnectWorker implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Map<String, String> settings;
  private @Nullable DistributedHerder herder;

  /** Makes the cluster; it has no worker yet. */
  ConnectWorker() {
    String cluster = "connect-" + UUID.randomUUID();
    settings = new HashMap<>();
    settings.put("bootstrap.servers", String.valueOf(Broker.client().get("bootstrap.servers")));
    settings.put("group.id", cluster);
    settings.put("client.id", cluster);
    for (String store : List.of("config", "offset", "status")) {
      settings.put(store + ".storage.topic", cluster + "-" + store);
      settings.put(store + ".storage.replication.factor", "1");
    }
    settings.put("offset.storage.partitions", "1");
    settings.put("status.storage.partitions", "1");
    settings.put("key.converter", "org.apache.kafka.connect.json.JsonConverter");
    settings.put("value.converter", "org.apache.kafka.connect.json.JsonConverter");
    settings.put("exactly.once.source.support", "enabled");
    settings.put("plugin.discovery", "service_load"); // the plugins are on the class path
    settings.put("scheduled.rebalance.max.delay.ms", "0");
    settings.put("topic.creation.enable", "true");
    settings.put("offset.flush.interval.ms", "500");
    settings.put("rebalance.timeout.ms", "5000");
    settings.put("session.timeout.ms", "6000");
    settings.put("heartbeat.interval.ms", "500");
  }

  /** Starts a worker, which goes on with the connectors that the cluster has. */
  ConnectWorker start() {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try {
      Plugins plugins = new Plugins(settings);
      plugins.compareAndSwapWithDelegatingLoader();
      DistributedConfig config = new DistributedConfig(settings);
      ConnectorClientConfigOverridePolicy policy = new AllConnectorClientConfigOverridePolicy();
      SharedTopicAdmin admin = new SharedTopicAdmin(new HashMap<>(config.originals()));
      Converter keys =
          plugins.newInternalConverter(
              true,
              "org.apache.kafka.connect.json.JsonConverter",
              Map.of("schemas.enable", "false"));
      String client = settings.get("client.id") + "-";
      KafkaOffsetBackingStore offsets = new KafkaOffsetBackingStore(admin, () -> client, keys);
      offsets.configure(config);
      Worker worker = new Worker("worker", Time.SYSTEM, plugins, config, offsets, policy);
      Converter values = worker.getInternalValueConverter();
      KafkaStatusBackingStore statuses =
          new KafkaStatusBackingStore(Time.SYSTEM, values, admin, client);
      statuses.configure(config);
      KafkaConfigBackingStore configs =
          new KafkaConfigBackingStore(values, config, worker.configTransformer(), admin, client);
      DistributedHerder started =
          new DistributedHerder(
              config,
              Time.SYSTEM,
              worker,
              config.kafkaClusterId(),
              statuses,
              configs,
              "http://localhost:0/",
              null, // to speak to other workers
              policy,
              List.of(),
              admin);
      started.start();
      herder = started;
      return this;
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  /** Stops the worker; connectors, offsets and states stay in the cluster's topics. */
  void stop() {
    DistributedHerder running = herder;
    herder = null;
    if (running != null) {
      running.stop();
    }
  }

  /** What is wrong with a connector's settings, by setting, as Connect's validation has it. */
  Map<String, List<String>> mistakes(ConnectConnector connector) {
    FutureCallback<ConfigInfos> validated = new FutureCallback<>();
    running().validateConnectorConfig(named(connector), validated);
    try {
      Map<String, List<String>> mistakes = new TreeMap<>();
      for (ConfigInfo info : validated.get(60, TimeUnit.SECONDS).configs()) {
        if (info.configValue() != null && !info.configValue().errors().isEmpty()) {
          mistakes.put(info.configValue().name(), info.configValue().errors());
        }
      }
      return mistakes;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The REST server puts the name in. */
  private static Map<String, String> named(ConnectConnector connector) {
    Map<String, String> config = new HashMap<>(connector.config());
    config.put("name", connector.name());
    return config;
  }

  /** Makes a connector, or has it run again, and waits until its task runs. */
  void run(ConnectConnector connector) {
    assertThat(mistakes(connector)).isEmpty();
    // A worker that has just joined refuses until it has read the cluster's configuration.
    await().atMost(PATIENCE).ignoreExceptions().until(() -> tryPut(connector));
    awaitRunning(connector);
  }

  private boolean tryPut(ConnectConnector connector) throws Exception {
    FutureCallback<Herder.Created<ConnectorInfo>> put = new FutureCallback<>();
    running().putConnectorConfig(connector.name(), named(connector), true, put);
    put.get(60, TimeUnit.SECONDS);
    return true;
  }

  void awaitRunning(ConnectConnector connector) {
    await().atMost(PATIENCE).until(() -> state(connector).startsWith("RUNNING"));
  }

  /** Of its task, with the trace of what went wrong. */
  String state(ConnectConnector connector) {
    try {
      ConnectorStateInfo state = running().connectorStatus(connector.name());
      return state.tasks().isEmpty()
          ? "NONE " + state.connector().state() + " " + state.connector().trace()
          : state.tasks().get(0).state() + " " + state.tasks().get(0).trace();
    } catch (RuntimeException e) {
      return "UNKNOWN " + e;
    }
  }

  /** As PUT /connectors/NAME/stop does: the connector and its offsets are kept. */
  void stop(ConnectConnector connector) {
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(
            () -> {
              FutureCallback<Void> stopped = new FutureCallback<>();
              running().stopConnector(connector.name(), stopped);
              stopped.get(60, TimeUnit.SECONDS);
              return true;
            });
    await().atMost(PATIENCE).until(() -> state(connector).startsWith("NONE"));
  }

  /** As PUT /connectors/NAME/resume does. */
  void resume(ConnectConnector connector) {
    running().resumeConnector(connector.name());
    awaitRunning(connector);
  }

  /** Where it was made. */
  void delete(ConnectConnector connector) {
    if (!running().connectors().contains(connector.name())) {
      return;
    }
    FutureCallback<Herder.Created<ConnectorInfo>> deleted = new FutureCallback<>();
    running().deleteConnectorConfig(connector.name(), deleted);
    try {
      deleted.get(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private DistributedHerder running() {
    DistributedHerder running = herder;
    if (running == null) {
      throw new IllegalStateException("no worker runs");
    }
    return running;
  }

  @Override
  public void close() {
    stop();
  }
}
