import { gauge } from "../../collect/samples/family.ts";
import { type Part, columnsOf } from "./part.ts";

const labels = ["datname", "schemaname", "relname"];
const name = "current_database() AS datname, t.schemaname, t.relname";
const epoch = (column: string): string =>
  `coalesce(extract(epoch FROM ${column}), 0)::float8 AS ${column}`;

/** Tables of the connected database, the largest first: by pages as the last VACUUM or ANALYZE counted them, which costs nothing. */
export function tableParts(tablesMax: number): readonly Part[] {
  if (tablesMax === 0) return [vacuum];
  const largest = `JOIN pg_class c ON c.oid = t.relid ORDER BY c.relpages DESC, t.relid LIMIT ${tablesMax}`;
  return [
    {
      name: "stat_user_tables",
      sql: `SELECT ${name}, t.seq_scan, t.seq_tup_read, coalesce(t.idx_scan, 0) AS idx_scan,
          coalesce(t.idx_tup_fetch, 0) AS idx_tup_fetch, t.n_tup_ins, t.n_tup_upd, t.n_tup_del, t.n_tup_hot_upd, t.n_live_tup,
          t.n_dead_tup, t.n_mod_since_analyze, ${["last_vacuum", "last_autovacuum", "last_analyze", "last_autoanalyze"].map(epoch).join(", ")},
          t.vacuum_count, t.autovacuum_count, t.analyze_count, t.autoanalyze_count,
          pg_indexes_size(t.relid) AS index_size_bytes, pg_table_size(t.relid) AS table_size_bytes
        FROM pg_stat_user_tables t ${largest}`,
      labels,
      columns: columnsOf("pg_stat_user_tables", labels, {
        seq_scan: ["counter", "Scans of the whole table."],
        seq_tup_read: ["counter", "Rows that scans of the whole table read."],
        idx_scan: ["counter", "Scans by an index."],
        idx_tup_fetch: ["counter", "Rows that scans by an index fetched."],
        n_tup_ins: ["counter", "Rows inserted."],
        n_tup_upd: ["counter", "Rows updated."],
        n_tup_del: ["counter", "Rows deleted."],
        n_tup_hot_upd: ["counter", "Rows updated without a change of indexes."],
        n_live_tup: ["gauge", "Rows, estimated."],
        n_dead_tup: ["gauge", "Dead rows, estimated."],
        n_mod_since_analyze: ["gauge", "Rows changed since the table was analyzed, estimated."],
        last_vacuum: ["gauge", "When it was vacuumed by hand, Unix seconds; 0 for never."],
        last_autovacuum: ["gauge", "When autovacuum vacuumed it, Unix seconds; 0 for never."],
        last_analyze: ["gauge", "When it was analyzed by hand, Unix seconds; 0 for never."],
        last_autoanalyze: ["gauge", "When autovacuum analyzed it, Unix seconds; 0 for never."],
        vacuum_count: ["counter", "Times that it was vacuumed by hand."],
        autovacuum_count: ["counter", "Times that autovacuum vacuumed it."],
        analyze_count: ["counter", "Times that it was analyzed by hand."],
        autoanalyze_count: ["counter", "Times that autovacuum analyzed it."],
        index_size_bytes: ["gauge", "Bytes of its indexes."],
        table_size_bytes: ["gauge", "Bytes of the table without its indexes."],
      }),
    },
    {
      name: "statio_user_tables",
      sql: `SELECT ${name}, ${blocks.map(([theirs, ours]) => `coalesce(t.${theirs}, 0) AS ${ours}`).join(", ")}
        FROM pg_statio_user_tables t ${largest}`,
      labels,
      columns: columnsOf(
        "pg_statio_user_tables",
        labels,
        Object.fromEntries(blocks.map(([, ours, help]) => [ours, ["counter", help] as const])),
      ),
    },
    vacuum,
  ];
}

const blocks = [
  ["heap_blks_read", "heap_blocks_read", "Blocks of the table read from files."],
  ["heap_blks_hit", "heap_blocks_hit", "Blocks of the table found in buffers."],
  ["idx_blks_read", "idx_blocks_read", "Blocks of its indexes read from files."],
  ["idx_blks_hit", "idx_blocks_hit", "Blocks of its indexes found in buffers."],
  ["toast_blks_read", "toast_blocks_read", "Blocks of its long values read from files."],
  ["toast_blks_hit", "toast_blocks_hit", "Blocks of its long values found in buffers."],
  ["tidx_blks_read", "tidx_blocks_read", "Blocks of its long values' index read from files."],
  ["tidx_blks_hit", "tidx_blocks_hit", "Blocks of its long values' index found in buffers."],
] as const;

const vacuumLabels = ["datname", "relname"];
const vacuum: Part = {
  name: "stat_progress_vacuum",
  sql: `SELECT datname, CASE WHEN datname = current_database() THEN relid::regclass::text ELSE relid::text END AS relname,
      heap_blks_total AS heap_blks, heap_blks_scanned, heap_blks_vacuumed, index_vacuum_count AS index_vacuums
    FROM pg_stat_progress_vacuum`,
  labels: vacuumLabels,
  columns: columnsOf("pg_stat_progress_vacuum", vacuumLabels, {
    heap_blks: ["gauge", "Blocks of the table that is vacuumed."],
    heap_blks_scanned: ["gauge", "Blocks scanned so far."],
    heap_blks_vacuumed: ["gauge", "Blocks vacuumed so far."],
    index_vacuums: ["gauge", "Rounds over its indexes so far."],
  }),
};

/** 1 for the phase that a VACUUM is in, 0 for the others. */
export const vacuumPhases: Part = {
  name: "stat_progress_vacuum",
  sql: `SELECT v.datname, CASE WHEN v.datname = current_database() THEN v.relid::regclass::text ELSE v.relid::text END AS relname,
      p.phase AS phase_name, (v.phase = p.phase)::int AS phase
    FROM pg_stat_progress_vacuum v
    CROSS JOIN unnest(ARRAY['initializing', 'scanning heap', 'vacuuming indexes', 'vacuuming heap', 'cleaning up indexes',
      'truncating heap', 'performing final cleanup']) AS p(phase)`,
  labels: ["datname", "relname", "phase_name"],
  columns: [
    [
      "phase",
      gauge("pg_stat_progress_vacuum_phase", "1 for the phase that a VACUUM is in.", [
        ...vacuumLabels,
        "phase",
      ]),
    ],
  ],
};
