import { type Document, Double, Int32, Long, ObjectId, Timestamp } from "mongodb";

/**
 * Answers of a secondary in the form of 6.0 and 7.0, in the types that servers use, with numbers of our own. Fields as in the manual of
 * serverStatus, replSetGetStatus and dbStats, and as github.com/percona/mongodb_exporter records them in exporter/testdata.
 */
const seconds = 1_700_000_000;
const long = (value: number) => Long.fromNumber(value);

const serverStatus: Document = {
  host: "db1:27017",
  version: "6.0.14",
  process: "mongod",
  pid: long(812),
  uptime: new Double(3_600),
  localTime: new Date(seconds * 1_000),
  asserts: { regular: 1, warning: 2, msg: 3, user: 400, rollovers: 0 },
  connections: { current: 25, available: 75, totalCreated: 1_000, active: 4, rejected: 2 },
  extra_info: { note: "fields vary by platform", page_faults: long(7) },
  globalLock: {
    totalTime: long(3_600_000_000),
    currentQueue: { total: 3, readers: 1, writers: 2 },
    activeClients: { total: 9, readers: 5, writers: 4 },
  },
  locks: {
    Global: { acquireCount: { r: long(10), w: long(20) }, timeAcquiringMicros: { w: long(33) } },
  },
  mem: { bits: 64, resident: 512, virtual: 2_048, supported: true },
  metrics: {
    commands: { find: { failed: long(1), total: long(2) } },
    cursor: { timedOut: long(6), open: { noTimeout: long(0), pinned: long(1), total: long(8) } },
    document: { deleted: long(1), inserted: long(2), returned: long(300), updated: long(4) },
    operation: { scanAndOrder: long(11), writeConflicts: long(12) },
    queryExecutor: {
      scanned: long(600),
      scannedObjects: long(900),
      collectionScans: { total: long(5) },
    },
    repl: {
      apply: { batches: { num: 5, totalMillis: 50 }, ops: long(500) },
      executor: { unsignaledEvents: 2 },
      buffer: { count: long(13), maxSizeBytes: long(268_435_456), sizeBytes: long(1_300) },
      network: { bytes: long(9_999), getmores: { num: 8, totalMillis: 80 }, ops: long(501) },
    },
    ttl: { deletedDocuments: long(77), passes: long(60) },
  },
  network: { bytesIn: long(1_000), bytesOut: long(2_000), numRequests: long(30) },
  opLatencies: {
    reads: { latency: long(5_000), ops: long(10) },
    writes: { latency: long(8_000), ops: long(4) },
    commands: { latency: long(900), ops: long(3) },
    transactions: { latency: long(0), ops: long(0) },
  },
  opcounters: { insert: 1, query: 2_118, update: 14, delete: 22, getmore: 9_141, command: 67_923 },
  opcountersRepl: { insert: 5, query: 0, update: 6, delete: 7, getmore: 0, command: 8 },
  repl: {
    setName: "rs0",
    me: "db2:27017",
    hosts: ["db1:27017", "db2:27017"],
    electionId: new ObjectId(),
  },
  storageEngine: { name: "wiredTiger", supportsCommittedReads: true },
  transactions: {
    currentOpen: long(1),
    totalAborted: long(2),
    totalCommitted: long(3),
    totalStarted: long(6),
  },
  wiredTiger: {
    uri: "statistics:",
    "block-manager": { "bytes read": long(4_096), "bytes written": long(8_192) },
    cache: {
      "bytes currently in the cache": 700_000,
      "bytes read into cache": 50_000,
      "bytes written from cache": 60_000,
      "maximum bytes configured": 1_000_000,
      "modified pages evicted": 5,
      "pages evicted by application threads": 1,
      "pages read into cache": 51,
      "pages written from cache": 61,
      "tracked dirty bytes in the cache": 30_000,
      "unmodified pages evicted": 6,
    },
    concurrentTransactions: {
      write: { out: 1, available: 127, totalTickets: 128 },
      read: { out: 2, available: 126, totalTickets: 128 },
    },
    log: { "log sync operations": 40, "log bytes written": 12_345, "log records compressed": 9 },
    session: { "open cursor count": 15, "open session count": 16 },
    transaction: {
      "transaction checkpoint currently running": 0,
      "transaction checkpoint most recent time (msecs)": 21,
      "transaction checkpoint total time (msecs)": 2_100,
      "transactions committed": 70,
      "transactions rolled back": 3,
    },
  },
  ok: 1,
  $clusterTime: { clusterTime: new Timestamp({ t: seconds, i: 1 }) },
};

const member = (id: number, stateStr: string, more: Document): Document => ({
  _id: id,
  name: `db${id + 1}:27017`,
  health: new Double(1),
  state: stateStr === "PRIMARY" ? 1 : 2,
  stateStr,
  uptime: 3_600,
  configVersion: 4,
  ...more,
});

const replicaSet: Document = {
  set: "rs0",
  date: new Date(seconds * 1_000),
  myState: 2,
  term: long(9),
  heartbeatIntervalMillis: long(2_000),
  members: [
    member(0, "PRIMARY", {
      optime: { ts: new Timestamp({ t: seconds, i: 1 }), t: long(9) },
      optimeDate: new Date(seconds * 1_000),
      lastHeartbeat: new Date((seconds - 1) * 1_000),
      pingMs: long(3),
      electionTime: new Timestamp({ t: seconds - 500, i: 1 }),
    }),
    member(1, "SECONDARY", { optimeDate: new Date((seconds - 12) * 1_000), self: true }),
  ],
  ok: 1,
};

export const oplogSeconds = { tail: seconds - 86_400, head: seconds } as const;
const oplog = (command: Document): Document => ({
  cursor: {
    firstBatch: [
      {
        ts: new Timestamp({
          t: command["sort"]["$natural"] === 1 ? oplogSeconds.tail : oplogSeconds.head,
          i: 1,
        }),
      },
    ],
    id: Long.ZERO,
    ns: "local.oplog.rs",
  },
  ok: 1,
});

const databases: Document = {
  databases: [{ name: "admin" }, { name: "shop" }],
  ok: 1,
};

const dbStats = (command: Document): Document => ({
  db: command["$db"],
  collections: new Int32(4),
  views: 0,
  objects: long(command["$db"] === "shop" ? 1_234 : 2),
  avgObjSize: 100.5,
  dataSize: new Double(124_000),
  storageSize: new Double(60_000),
  indexes: 6,
  indexSize: new Double(30_000),
  totalSize: new Double(90_000),
  scaleFactor: new Double(1),
  fsUsedSize: new Double(5e9),
  fsTotalSize: new Double(1e10),
  ok: 1,
});

const buildInfo: Document = { version: "6.0.14", modules: [], ok: 1 };

export const answers = {
  serverStatus,
  replSetGetStatus: replicaSet,
  find: oplog,
  listDatabases: databases,
  dbStats,
  buildInfo,
};
