package dev.evenkeel.migrations;

import dev.evenkeel.testing.database.DatabaseInfo;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** What PostgreSQL knows of the installation's schema, without Flyway's history table. */
final class Catalogue {

  private static final String[] QUERIES = {
    """
    SELECT format('relation %s %s owner %s options %s privileges %s partition of %s for %s', c.relkind, c.relname,
                  c.relowner::regrole, c.reloptions, c.relacl, i.inhparent::regclass, pg_get_expr(c.relpartbound, c.oid))
      FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
     WHERE c.relnamespace = 'evenkeel'::regnamespace AND c.relname NOT LIKE 'evenkeel_schema_history%'
    """,
    """
    SELECT format('column %s.%s %s %s default %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                  a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE c.relnamespace = 'evenkeel'::regnamespace AND a.attnum > 0
       AND c.relname NOT LIKE 'evenkeel_schema_history%'
    """,
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'evenkeel' AND tablename <> 'evenkeel_schema_history'",
    """
    SELECT format('constraint %s on %s: %s', conname, conrelid::regclass, pg_get_constraintdef(oid))
      FROM pg_constraint
     WHERE connamespace = 'evenkeel'::regnamespace AND conrelid::regclass::text NOT LIKE '%evenkeel_schema_history'
    """,
    "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'evenkeel'::regnamespace",
    "SELECT format('sequence %s cache %s type %s', sequencename, cache_size, data_type) FROM pg_sequences WHERE schemaname = 'evenkeel'",
    """
    SELECT format('publication %s insert %s update %s delete %s truncate %s root %s tables %s', pubname, pubinsert,
                  pubupdate, pubdelete, pubtruncate, pubviaroot,
                  (SELECT array_agg(tablename::text) FROM pg_publication_tables t WHERE t.pubname = p.pubname))
      FROM pg_publication p
    """,
    "SELECT format('schema owner %s privileges %s', nspowner::regrole, nspacl) FROM pg_namespace WHERE nspname = 'evenkeel'",
    "SELECT 'bucket ' || bucket FROM evenkeel.outbox_bucket",
    "SELECT 'state ' || row_to_json(s)::text FROM evenkeel.relay_state s"
  };

  private Catalogue() {}

  /** One line for each thing in the schema, sorted. */
  static List<String> of(DatabaseInfo database) throws SQLException {
    List<String> lines = new ArrayList<>();
    for (String query : QUERIES) {
      lines.addAll(Sql.query(database, query));
    }
    lines.sort(null);
    return lines;
  }
}
