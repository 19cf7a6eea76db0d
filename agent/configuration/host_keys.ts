/** Keys of the whole file that are the host's own: nobody else says who it is, where it connects and what it keeps where. */
export const hostKeys: readonly string[] = [
  "listen",
  "data_dir",
  "tenant",
  "http",
  "lifecycle",
  "memory_high",
  "log",
  "agent",
  "spool",
  "nats",
  "storage",
  "fleet",
  // Whose programs the host runs.
  "self_update",
  // An aggregator's.
  "streams",
  "ingest",
  "query",
];
