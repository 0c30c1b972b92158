package dev.evenkeel.transport.kafka;

import java.util.List;

/**
 * Where an inbox stands.
 *
 * @param partitions those of this process, sorted
 * @param findings what holds it up, in sentences; empty when nothing does
 */
public record KafkaInboxStatus(List<Partition> partitions, List<String> findings) {

  /**
   * One partition.
   *
   * @param epoch of its assignment to this process
   * @param open messages polled and not done
   * @param lag messages in the partition that were not polled yet; -1 when not known
   */
  public record Partition(String topic, int partition, long epoch, int open, long lag) {}
}
