import { messageOf } from "#shared/errors.ts";
import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import { arrayOf, numberOf, objectOf, textOf, valueAt } from "../connections/json_value.ts";
import type { BsonDocument } from "./bson.ts";
import type { MongodbConfig } from "./config.ts";
import { CommandError, MongoConnection } from "./connection.ts";
import { Flattener } from "./flatten.ts";
import { addReplicaSet } from "./replica_set.ts";
import { addSums } from "./sums.ts";

/** Of mongodb_exporter (github.com/percona/mongodb_exporter). */
const versionInfo = gauge("mongodb_version_info", "What the server runs.", [
  "mongodb",
  "edition",
  "vendor",
]);
const storageEngine = gauge("mongodb_mongod_storage_engine", "How the server stores.", ["engine"]);
const oplogHead = gauge(
  "mongodb_mongod_replset_oplog_head_timestamp",
  "Newest change in the oplog, Unix seconds.",
);
const oplogTail = gauge(
  "mongodb_mongod_replset_oplog_tail_timestamp",
  "Oldest change in the oplog, Unix seconds.",
);
const baseLabels = ["cl_role", "rs_nm", "rs_state"];

/** The server is in no replica set, or its set is not made yet, or it is a mongos. */
const noReplicaSet = new Set([76, 94, 59]);

/** Asks on one connection, which is kept. */
export const openMongodb: OpenInstance<MongodbConfig> = (config) => {
  const flattener = new Flattener(config.exclude);
  let kept: MongoConnection | undefined;
  const close = () => {
    kept?.close();
    kept = undefined;
  };
  const asked = async (sink: SampleSink, tick: Tick, connection: MongoConnection) => {
    try {
      await connection.during(tick.signal, async () => {
        const status = await connection.command("admin", { serverStatus: 1 });
        await new Asking(sink, tick, connection, flattener, config).all(status);
      });
    } catch (thrown) {
      close();
      throw thrown;
    }
  };
  return {
    async collect(sink, tick) {
      const connection = kept ?? (await MongoConnection.open(config, tick.signal));
      const wasKept = kept !== undefined;
      kept = connection;
      if (wasKept && !(await isAlive(connection, tick.signal))) {
        close();
        kept = await MongoConnection.open(config, tick.signal);
      }
      await asked(sink, tick, kept);
    },
    close,
  };
};

/** A server that was started anew has closed what was open; the next connection tells whether it is there. */
async function isAlive(connection: MongoConnection, signal: AbortSignal): Promise<boolean> {
  try {
    await connection.during(signal, () => connection.command("admin", { ping: 1 }));
    return true;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return false;
  }
}

/** What is asked in one tick, one after the other. */
class Asking {
  readonly #sink: SampleSink;
  readonly #tick: Tick;
  readonly #connection: MongoConnection;
  readonly #flattener: Flattener;
  readonly #config: MongodbConfig;
  #refused = 0;

  constructor(
    sink: SampleSink,
    tick: Tick,
    connection: MongoConnection,
    flattener: Flattener,
    config: MongodbConfig,
  ) {
    this.#sink = sink;
    this.#tick = tick;
    this.#connection = connection;
    this.#flattener = flattener;
    this.#config = config;
  }

  async all(status: BsonDocument): Promise<void> {
    const { hello } = this.#connection;
    const isRouter = hello["msg"] === "isdbgrid";
    const replication = await this.#replication();
    const values = [
      isRouter ? "mongos" : "",
      textOf(replication?.["set"]),
      textOf(replication?.["myState"]),
    ];
    this.#flatten("serverStatus", status, baseLabels, values);
    addSums(this.#sink, status);
    this.#sink.add(storageEngine, 1, textOf(valueAt(status, "storageEngine.name")));
    if (replication !== undefined) {
      this.#flatten("replSetGetStatus", replication, baseLabels, values);
      addReplicaSet(this.#sink, replication);
      await this.#orDegraded("oplog", () => this.#oplog());
    }
    await this.#orDegraded("version", () => this.#version());
    if (this.#config.databases_max > 0)
      await this.#orDegraded("databases", () => this.#databases(values));
    if (this.#refused > 0) this.#tick.degraded(`${this.#refused} values are beyond the limit`);
  }

  #flatten(
    path: string,
    document: BsonDocument,
    names: readonly string[],
    values: readonly string[],
  ): void {
    this.#refused += this.#flattener.flatten(this.#sink, path, document, { names, values });
  }

  /** Undefined where there is no replica set, or no right to ask for it. */
  async #replication(): Promise<BsonDocument | undefined> {
    try {
      return await this.#connection.command("admin", { replSetGetStatus: 1 });
    } catch (thrown) {
      if (!(thrown instanceof CommandError)) throw thrown;
      if (!noReplicaSet.has(thrown.serverCode)) this.#tick.degraded(messageOf(thrown));
      return undefined;
    }
  }

  async #version(): Promise<void> {
    const build = await this.#connection.command("admin", { buildInfo: 1 });
    const isPercona = build["psmdbVersion"] !== undefined;
    const isEnterprise = arrayOf(build["modules"]).includes("enterprise");
    const edition = isEnterprise ? "Enterprise" : "Community";
    const vendor = isPercona ? "Percona" : "MongoDB";
    this.#sink.add(versionInfo, 1, textOf(build["version"]), edition, vendor);
  }

  /** How far back the oplog goes: a member that was away for longer has to copy everything. */
  async #oplog(): Promise<void> {
    for (const [family, order] of [
      [oplogTail, 1],
      [oplogHead, -1],
    ] as const) {
      const answer = await this.#connection.command("local", {
        find: "oplog.rs",
        filter: {},
        sort: { $natural: order },
        projection: { ts: 1 },
        limit: 1,
        singleBatch: true,
      });
      const [first] = arrayOf(valueAt(answer, "cursor.firstBatch"));
      const seconds = numberOf(objectOf(first)["ts"]);
      if (seconds !== undefined) this.#sink.add(family, seconds);
    }
  }

  async #databases(values: readonly string[]): Promise<void> {
    const listed = await this.#connection.command("admin", { listDatabases: 1, nameOnly: true });
    const names = arrayOf(listed["databases"]).map((each) => textOf(objectOf(each)["name"]));
    const taken = names.slice(0, this.#config.databases_max);
    if (taken.length < names.length)
      this.#tick.degraded(`${names.length - taken.length} databases are beyond databases_max`);
    for (const name of taken)
      await this.#orDegraded(`database ${name}`, async () => {
        const stats = await this.#connection.command(name, { dbStats: 1, scale: 1 });
        this.#flatten("dbstats", stats, [...baseLabels, "database"], [...values, name]);
      });
  }

  /** A right may lack; what is wrong with the connection is the matter of all. */
  async #orDegraded(part: string, ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
    } catch (thrown) {
      if (!(thrown instanceof CommandError)) throw thrown;
      this.#tick.degraded(`${part}: ${messageOf(thrown)}`);
    }
  }
}
