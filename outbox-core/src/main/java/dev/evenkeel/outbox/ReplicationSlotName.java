package dev.evenkeel.outbox;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.zip.CRC32;

/** The name of an installation's replication slot. */
public final class ReplicationSlotName {

  private static final int MAX_LENGTH = 63;

  private ReplicationSlotName() {}

  /** Names are cluster-wide, so it carries database and schema. */
  public static String of(String database, String schema) {
    String plain = "evenkeel_" + database + "_" + schema;
    String name = plain.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
    // With an underscore in the schema nobody could tell where the database's name ends.
    boolean isUnique = name.equals(plain) && schema.indexOf('_') < 0;
    if (isUnique && name.length() <= MAX_LENGTH) {
      return name;
    }
    // Two installations must not share a name that was bent, cut or put together alike.
    CRC32 crc = new CRC32();
    crc.update((database + "\0" + schema).getBytes(StandardCharsets.UTF_8));
    String suffix = "_" + Long.toHexString(crc.getValue());
    return name.substring(0, Math.min(name.length(), MAX_LENGTH - suffix.length())) + suffix;
  }
}
