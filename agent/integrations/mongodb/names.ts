/** How mongodb_exporter makes names of paths (exporter/metrics.go of github.com/percona/mongodb_exporter, version 0.40 and later). */

/** Begins of paths, and what they are shortened to; the first that fits counts. */
const prefixes: readonly (readonly [path: string, short: string])[] = [
  ["serverStatus.wiredTiger.transaction", "ss_wt_txn"],
  ["serverStatus.wiredTiger", "ss_wt"],
  ["serverStatus.queues.execution", "ss_wt_concurrentTransactions"],
  ["serverStatus", "ss"],
  ["replSetGetStatus", "rs"],
];

/** Documents whose keys become values of a label instead of parts of the name. */
const labelled: Readonly<Record<string, string>> = {
  "serverStatus.asserts": "assert_type",
  "serverStatus.connections": "conn_type",
  "serverStatus.globalLock.currentQueue": "count_type",
  "serverStatus.metrics.commands": "cmd_name",
  "serverStatus.metrics.cursor.open": "csr_type",
  "serverStatus.metrics.document": "doc_op_type",
  "serverStatus.opLatencies": "op_type",
  "serverStatus.opReadConcernCounters": "concern_type",
  "serverStatus.opcounters": "legacy_op_type",
  "serverStatus.opcountersRepl": "legacy_op_type",
  "serverStatus.transactions.commitTypes": "commit_type",
  "serverStatus.wiredTiger.concurrentTransactions": "txn_rw_type",
  "serverStatus.queues.execution": "txn_rw_type",
  "serverStatus.wiredTiger.perf": "perf_bucket",
};

export type NameOfPath = {
  readonly name: string;
  /** A label of its own, and the key that is its value. */
  readonly label: readonly [name: string, value: string] | undefined;
  /** What ends with "count" is a counter; of all else the exporter does not know. */
  readonly isCounter: boolean;
};

/** The metric of the value `key` in the document at `path`. */
export function nameOfPath(path: string, key: string): NameOfPath {
  const label = Object.hasOwn(labelled, path) ? labelled[path] : undefined;
  const isCounter = key.toLowerCase().endsWith("count");
  if (label !== undefined) return { name: metricName(path), label: [label, key], isCounter };
  return { name: metricName(`${path}.${key}`), label: undefined, isCounter };
}

function metricName(path: string): string {
  const found = prefixes.find(([begin]) => path === begin || path.startsWith(`${begin}.`));
  const short = found === undefined ? path : `${found[1]}${path.slice(found[0].length)}`;
  return `mongodb_${short
    .replaceAll(/[^a-zA-Z0-9_]+/g, "_")
    .replace(/_$/, "")
    .replaceAll(/__+/g, "_")
    .replace(/^_/, "")}`;
}
