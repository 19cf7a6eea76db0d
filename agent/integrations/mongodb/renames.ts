/**
 * Names that a metric has besides, as mongodb_exporter's compatible mode gives it those of its version 1 (exporter/v1_compatibility.go and
 * specialConversions in exporter/metrics.go of github.com/percona/mongodb_exporter).
 */
export type Rename = {
  readonly name: string;
  /** A label that is called differently. */
  readonly label?: readonly [from: string, to: string];
  /** Values of that label that are written differently. */
  readonly values?: Readonly<Record<string, string>>;
  /** A part of the name that became a label; the metric then has no other one. */
  readonly added?: readonly [label: string, value: string];
};

const direct: readonly (readonly [from: string, to: string])[] = [
  ["ss_extra_info_page_faults", "extra_info_page_faults_total"],
  ["ss_uptime", "mongod_instance_uptime_seconds"],
  ["ss_uptime", "instance_uptime_seconds"],
  ["ss_metrics_cursor_timedOut", "mongod_metrics_cursor_timed_out_total"],
  ["ss_metrics_getLastError_wtime_num", "mongod_metrics_get_last_error_wtime_num_total"],
  [
    "ss_metrics_getLastError_wtime_totalMillis",
    "mongod_metrics_get_last_error_wtime_total_milliseconds",
  ],
  ["ss_metrics_getLastError_wtimeouts", "mongod_metrics_get_last_error_wtimeouts_total"],
  ["ss_metrics_record_moves", "mongod_metrics_record_moves_total"],
  ["ss_metrics_repl_apply_batches_num", "mongod_metrics_repl_apply_batches_num_total"],
  [
    "ss_metrics_repl_apply_batches_totalMillis",
    "mongod_metrics_repl_apply_batches_total_milliseconds",
  ],
  ["ss_metrics_repl_apply_ops", "mongod_metrics_repl_apply_ops_total"],
  ["ss_metrics_repl_buffer_count", "mongod_metrics_repl_buffer_count"],
  ["ss_metrics_repl_buffer_maxSizeBytes", "mongod_metrics_repl_buffer_max_size_bytes"],
  ["ss_metrics_repl_buffer_sizeBytes", "mongod_metrics_repl_buffer_size_bytes"],
  ["ss_metrics_repl_network_bytes", "mongod_metrics_repl_network_bytes_total"],
  ["ss_metrics_repl_network_getmores_num", "mongod_metrics_repl_network_getmores_num_total"],
  [
    "ss_metrics_repl_network_getmores_totalMillis",
    "mongod_metrics_repl_network_getmores_total_milliseconds",
  ],
  ["ss_metrics_repl_network_ops", "mongod_metrics_repl_network_ops_total"],
  ["ss_metrics_repl_network_readersCreated", "mongod_metrics_repl_network_readers_created_total"],
  ["ss_metrics_ttl_deletedDocuments", "mongod_metrics_ttl_deleted_documents_total"],
  ["ss_metrics_ttl_passes", "mongod_metrics_ttl_passes_total"],
  ["ss_network_numRequests", "network_metrics_num_requests_total"],
  ["ss_wt_cache_maximum_bytes_configured", "mongod_wiredtiger_cache_max_bytes"],
  ["ss_wt_cache_percentage_overhead", "mongod_wiredtiger_cache_overhead_percent"],
  [
    "ss_wt_concurrentTransactions_available",
    "mongod_wiredtiger_concurrent_transactions_available_tickets",
  ],
  ["ss_wt_concurrentTransactions_out", "mongod_wiredtiger_concurrent_transactions_out_tickets"],
  [
    "ss_wt_concurrentTransactions_totalTickets",
    "mongod_wiredtiger_concurrent_transactions_total_tickets",
  ],
  ["ss_wt_log_records_processed_by_log_scan", "mongod_wiredtiger_log_records_scanned_total"],
  ["ss_wt_session_open_cursor_count", "mongod_wiredtiger_session_open_cursors_total"],
  ["ss_metrics_repl_executor_unsignaledEvents", "mongod_metrics_repl_executor_unsignaled_events"],
  ["ss_wt_session_open_session_count", "mongod_wiredtiger_session_open_sessions_total"],
  ...["ss_wt_txn_transaction_checkpoint", "ss_wt_checkpoint"].flatMap(
    (from) =>
      [
        [
          `${from}_total_time_msecs`,
          "mongod_wiredtiger_transactions_checkpoint_milliseconds_total",
        ],
        [`${from}_currently_running`, "mongod_wiredtiger_transactions_running_checkpoints"],
      ] as const,
  ),
  ["dbstats_collections", "mongod_db_collections_total"],
  ["dbstats_dataSize", "mongod_db_data_size_bytes"],
  ["dbstats_indexSize", "mongod_db_index_size_bytes"],
  ["dbstats_indexes", "mongod_db_indexes_total"],
  ["dbstats_objects", "mongod_db_objects_total"],
];

const readersAndWriters = { readers: "reader", writers: "writer" };
const operations = { commands: "command", reads: "read", writes: "write" };
const relabelled: readonly (readonly [
  from: string,
  to: string,
  label: readonly [from: string, to: string],
  values?: Readonly<Record<string, string>>,
])[] = [
  ["ss_asserts", "asserts_total", ["assert_type", "type"]],
  ["ss_connections", "connections", ["conn_type", "state"]],
  [
    "ss_globalLock_currentQueue",
    "mongod_global_lock_current_queue",
    ["count_type", "type"],
    readersAndWriters,
  ],
  ["ss_metrics_cursor_open", "mongod_metrics_cursor_open", ["csr_type", "state"]],
  ["ss_metrics_document", "mongod_metrics_document_total", ["doc_op_type", "state"]],
  ["ss_opcounters", "op_counters_total", ["legacy_op_type", "type"]],
  ["ss_opcountersRepl", "mongod_op_counters_repl_total", ["legacy_op_type", "type"]],
  ["ss_opLatencies_ops", "mongod_op_latencies_ops_total", ["op_type", "type"], operations],
  ["ss_opLatencies_latency", "mongod_op_latencies_latency_total", ["op_type", "type"], operations],
];

type EndsAs = readonly [
  begin: string,
  to: string,
  label: string,
  values: Readonly<Record<string, string>>,
];
const checkpointTimes = { min_time_msecs: "min", max_time_msecs: "max" };
/** Metrics whose names begin alike and end as these: the end becomes a label. */
const endings: readonly EndsAs[] = [
  [
    "ss_globalLock_activeClients",
    "mongod_global_lock_client",
    "type",
    { ...readersAndWriters, total: "total" },
  ],
  ["ss_mem", "memory", "type", { resident: "resident", virtual: "virtual", mapped: "mapped" }],
  [
    "ss_metrics_operation",
    "mongod_metrics_operation_total",
    "state",
    { scanAndOrder: "scanAndOrder", writeConflicts: "writeConflicts" },
  ],
  [
    "ss_metrics_queryExecutor",
    "mongod_metrics_query_executor_total",
    "state",
    { scanned: "scanned", scannedObjects: "scanned_objects" },
  ],
  [
    "ss_wt_block_manager",
    "mongod_wiredtiger_blockmanager_bytes_total",
    "type",
    { bytes_read: "read", mapped_bytes_read: "read_mapped", bytes_written: "written" },
  ],
  [
    "ss_wt_cache",
    "mongod_wiredtiger_cache_bytes",
    "type",
    {
      bytes_currently_in_the_cache: "total",
      tracked_dirty_bytes_in_the_cache: "dirty",
      tracked_bytes_belonging_to_internal_pages_in_the_cache: "internal_pages",
      tracked_bytes_belonging_to_leaf_pages_in_the_cache: "leaf_pages",
    },
  ],
  [
    "ss_wt_cache",
    "mongod_wiredtiger_cache_bytes_total",
    "type",
    { bytes_read_into_cache: "read", bytes_written_from_cache: "written" },
  ],
  [
    "ss_wt_cache",
    "mongod_wiredtiger_cache_pages",
    "type",
    {
      pages_currently_held_in_the_cache: "total",
      tracked_dirty_pages_in_the_cache: "dirty",
    },
  ],
  [
    "ss_wt_cache",
    "mongod_wiredtiger_cache_pages_total",
    "type",
    { pages_read_into_cache: "read", pages_written_from_cache: "written" },
  ],
  [
    "ss_wt_log",
    "mongod_wiredtiger_log_bytes_total",
    "type",
    { log_bytes_of_payload_data: "payload", log_bytes_written: "unwritten" },
  ],
  [
    "ss_wt_log",
    "mongod_wiredtiger_log_records_total",
    "type",
    { log_records_compressed: "compressed", log_records_not_compressed: "uncompressed" },
  ],
  [
    "ss_wt_log",
    "mongod_wiredtiger_log_operations_total",
    "type",
    {
      log_read_operations: "read",
      log_write_operations: "write",
      log_scan_records_requiring_two_reads: "scan_double",
      log_scan_operations: "scan",
      log_sync_operations: "sync",
      log_sync_dir_operations: "sync_dir",
      log_flush_operations: "flush",
    },
  ],
  [
    "ss_wt_txn_transactions",
    "mongod_wiredtiger_transactions_total",
    "type",
    { committed: "committed", rolled_back: "rolled_back" },
  ],
  ...["ss_wt_txn_transaction_checkpoint", "ss_wt_checkpoint"].map((begin): EndsAs => [
    begin,
    "mongod_wiredtiger_transactions_checkpoint_milliseconds",
    "type",
    checkpointTimes,
  ]),
];

/** These names are instead of the metric's own. */
const replacing: readonly EndsAs[] = [
  ...["ops", "latency"].map((part): EndsAs => [
    "ss_opLatencies",
    `ss_opLatencies_${part}`,
    "op_type",
    Object.fromEntries(
      ["commands", "reads", "transactions", "writes"].map((type) => [`${type}_${part}`, type]),
    ),
  ]),
  ...["out", "available", "totalTickets"].map((part): EndsAs => [
    "ss_wt_concurrentTransactions",
    `ss_wt_concurrentTransactions_${part}`,
    "txn_rw",
    { [`read_${part}`]: "read", [`write_${part}`]: "write" },
  ]),
];

const further = table([
  ...direct.map(([from, to]): [string, Rename] => [from, { name: to }]),
  ...relabelled.map(([from, to, label, values = {}]): [string, Rename] => [
    from,
    { name: to, label, values },
  ]),
  ...endings.flatMap(renamesOf),
]);
const instead = table(replacing.flatMap(renamesOf));

/** Names by which a metric is told besides its own. */
export function furtherNames(name: string): readonly Rename[] {
  return further.get(name) ?? [];
}

/** The name that a metric has instead of its own, if any. */
export function nameInstead(name: string): Rename | undefined {
  return instead.get(name)?.[0];
}

function renamesOf([begin, to, label, values]: EndsAs): [string, Rename][] {
  return Object.entries(values).map(([end, value]) => [
    `${begin}_${end}`,
    { name: to, added: [label, value] },
  ]);
}

function table(rows: readonly [string, Rename][]): Map<string, Rename[]> {
  const found = new Map<string, Rename[]>();
  for (const [from, rename] of rows) {
    const name = `mongodb_${from}`;
    const renames = found.get(name) ?? [];
    found.set(name, renames);
    renames.push({ ...rename, name: `mongodb_${rename.name}` });
  }
  return found;
}
