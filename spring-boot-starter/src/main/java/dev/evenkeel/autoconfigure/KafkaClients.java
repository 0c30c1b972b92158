package dev.evenkeel.autoconfigure;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.config.SslConfigs;
import org.springframework.boot.kafka.autoconfigure.KafkaConnectionDetails;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.boot.kafka.autoconfigure.SslBundleSslEngineFactory;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.util.StringUtils;

/**
 * Settings of Kafka clients as Spring Boot would make them: properties, then connection details.
 */
record KafkaClients(KafkaProperties properties, KafkaConnectionDetails details) {

  Map<String, Object> producer() {
    return connected(properties.buildProducerProperties(), details.getProducer());
  }

  Map<String, Object> consumer() {
    return connected(properties.buildConsumerProperties(), details.getConsumer());
  }

  private static Map<String, Object> connected(
      Map<String, Object> built, KafkaConnectionDetails.Configuration connection) {
    Map<String, Object> settings = new HashMap<>(built);
    settings.put(
        CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG,
        List.copyOf(connection.getBootstrapServers()));
    if (StringUtils.hasText(connection.getSecurityProtocol())) {
      settings.put(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, connection.getSecurityProtocol());
    }
    SslBundle bundle = connection.getSslBundle();
    if (bundle != null) {
      settings.put(
          SslConfigs.SSL_ENGINE_FACTORY_CLASS_CONFIG, SslBundleSslEngineFactory.class.getName());
      settings.put(SslBundle.class.getName(), bundle);
    }
    return settings;
  }
}
