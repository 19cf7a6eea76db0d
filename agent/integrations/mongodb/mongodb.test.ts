import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient, ServerApiVersion } from "mongodb";
import { messageOf } from "#shared/errors.ts";
import { severity } from "#shared/model/logs.ts";
import { freePort } from "#test/support/free_port.ts";
import { givenHost } from "#test/support/given_host.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { LogsUnderTest } from "#test/support/integration_logs.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { Mongod, type MongodState } from "#test/support/mongod.ts";
import { answers, oplogSeconds } from "./answers.fixture.ts";
import { mongodb } from "./integration.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-mongodb-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const login = { username: "lapwing", password: "hunter2" };
const ofSet = 'rs_nm="rs0",rs_state="2"';

async function tickOf(state: MongodState, options: object = {}) {
  const server = await Mongod.start(state);
  const instance = new InstanceUnderTest(mongodb, { address: server.address, ...options }, 2_000);
  try {
    return await instance.tick();
  } finally {
    await instance.close();
    await server.stop();
  }
}

test("mongodb: numbers have the exporter's names, those of its first version besides", async () => {
  const { samples, families, degraded } = await tickOf({ answers });
  expect(degraded).toEqual([]);
  const expected: Readonly<Record<string, number>> = {
    mongodb_up: 1,
    [`mongodb_ss_connections{${ofSet},conn_type="current"}`]: 25,
    [`mongodb_connections{${ofSet},state="current"}`]: 25,
    [`mongodb_ss_opcounters{${ofSet},legacy_op_type="query"}`]: 2_118,
    [`mongodb_op_counters_total{${ofSet},type="query"}`]: 2_118,
    [`mongodb_asserts_total{${ofSet},type="user"}`]: 400,
    [`mongodb_mongod_global_lock_current_queue{${ofSet},type="reader"}`]: 1,
    [`mongodb_mongod_metrics_document_total{${ofSet},state="returned"}`]: 300,
    'mongodb_memory{type="resident"}': 512,
    [`mongodb_ss_mem_resident{${ofSet}}`]: 512,
    'mongodb_ss_opLatencies_ops{op_type="reads"}': 10,
    'mongodb_mongod_op_latencies_latency_total{type="read"}': 5_000,
    'mongodb_ss_wt_concurrentTransactions_out{txn_rw="write"}': 1,
    'mongodb_mongod_wiredtiger_concurrent_transactions_available_tickets{txn_rw="read"}': 126,
    [`mongodb_ss_wt_txn_transaction_checkpoint_most_recent_time_msecs{${ofSet}}`]: 21,
    [`mongodb_mongod_wiredtiger_cache_max_bytes{${ofSet}}`]: 1_000_000,
    'mongodb_mongod_wiredtiger_cache_bytes{type="total"}': 700_000,
    'mongodb_mongod_wiredtiger_transactions_total{type="rolled_back"}': 3,
    'mongodb_mongod_wiredtiger_log_records_total{type="compressed"}': 9,
    mongodb_mongod_wiredtiger_cache_evicted_total: 11,
    mongodb_mongod_locks_time_acquiring_global_microseconds_total: 33,
    [`mongodb_mongod_metrics_repl_executor_unsignaled_events{${ofSet}}`]: 2,
    [`mongodb_ss_localTime{${ofSet}}`]: 1_700_000_000_000,
    [`mongodb_ss_metrics_repl_buffer_count{${ofSet}}`]: 13,
    [`mongodb_rs_members_health{${ofSet},member_idx="db1:27017",member_state="PRIMARY"}`]: 1,
    [`mongodb_rs_members_optime_ts{${ofSet},member_idx="db1:27017",member_state="PRIMARY"}`]: 1_700_000_000,
    'mongodb_mongod_replset_my_state{set="rs0"}': 2,
    'mongodb_mongod_replset_member_replication_lag{name="db2:27017",state="SECONDARY",set="rs0",self="1"}': 12,
    'mongodb_mongod_replset_member_ping_ms{name="db1:27017",state="PRIMARY",set="rs0",self="0"}': 3,
    mongodb_mongod_replset_oplog_head_timestamp: oplogSeconds.head,
    mongodb_mongod_replset_oplog_tail_timestamp: oplogSeconds.tail,
    [`mongodb_dbstats_objects{${ofSet},database="shop"}`]: 1_234,
    [`mongodb_mongod_db_data_size_bytes{${ofSet},database="shop"}`]: 124_000,
    'mongodb_version_info{mongodb="6.0.14",edition="Community",vendor="MongoDB"}': 1,
    'mongodb_mongod_storage_engine{engine="wiredTiger"}': 1,
  };
  expect(Object.fromEntries(Object.keys(expected).map((key) => [key, samples.get(key)]))).toEqual(
    expected,
  );
  // As with the exporter: what ends with "count" is a counter, and of all else nothing is said.
  expect(families.get("mongodb_ss_metrics_repl_buffer_count")?.type).toBe("counter");
  expect(families.get("mongodb_op_counters_total")?.type).toBe("unknown");
  expect([...samples.keys()].filter((key) => key.includes("metrics_commands"))).toEqual([]);
  expectAssets(import.meta.dir, samples.keys());
});

test("mongodb: parts may be left out or taken in; a server without replica set is one", async () => {
  const alone = {
    ...answers,
    replSetGetStatus: { ok: 0, code: 76, errmsg: "not running with --replSet" },
  };
  const options = { exclude: ["serverStatus.wiredTiger"], databases_max: 1 };
  const { samples, degraded } = await tickOf({ answers: alone }, options);
  expect(degraded).toEqual(["1 databases are beyond databases_max"]);
  const keys = [...samples.keys()];
  expect(samples.get('mongodb_ss_connections{conn_type="current"}')).toBe(25);
  expect(samples.get("mongodb_ss_metrics_commands_find_total")).toBe(2);
  expect(keys.filter((key) => /_wt_|_rs_|replset|"shop"/.test(key))).toEqual([]);
});

test("mongodb: MongoDB's own driver logs in to the server of these tests and works with it, too", async () => {
  const server = await Mongod.start({ answers, login });
  const client = new MongoClient(`mongodb://${server.address}/?directConnection=true`, {
    auth: login,
    serverApi: ServerApiVersion.v1,
    serverSelectionTimeoutMS: 3_000,
  });
  const status = await client.db("admin").command({ serverStatus: 1 });
  expect(status["connections"].current).toBe(25);
  await client.close();
  await server.stop();
});

test("mongodb: logs in by SCRAM of both kinds, with a password whose file is read at each connect", async () => {
  expect((await tickOf({ answers, login }, login)).samples.get("mongodb_up")).toBe(1);
  const old = { ...login, isOld: true };
  expect((await tickOf({ answers, login: old }, login)).samples.get("mongodb_up")).toBe(1);
  const file = join(folder, "password");
  writeFileSync(file, "wrong\n");
  const withFile = { username: login.username, password_file: file };
  const reasonOf = (options: object) =>
    tickOf({ answers, login }, options).then(() => "answered", messageOf);
  expect(await reasonOf(withFile)).toBe("saslContinue: Authentication failed.");
  writeFileSync(file, `${login.password}\n`);
  expect(await reasonOf(withFile)).toBe("answered");
  expect(await reasonOf({})).toBe("serverStatus: Command serverStatus requires authentication");
});

test("mongodb: one connection is kept, and made anew where the server was", async () => {
  const server = await Mongod.start({ answers, login });
  const options = { address: server.address, ...login };
  const instance = new InstanceUnderTest(mongodb, options, 2_000);
  await instance.tick();
  await instance.tick();
  expect(server.connections).toBe(1);
  server.hangUp();
  expect((await instance.tick()).degraded).toEqual([]);
  expect(server.connections).toBe(2);
  await instance.close();
  await server.stop();
});

test("mongodb: rights that lack are told; other services, silence and nobody make the tick fail", async () => {
  const denied = { ok: 0, code: 13, errmsg: "not authorized on local to execute command" };
  const { degraded, samples } = await tickOf({ answers: { ...answers, find: denied } });
  expect(degraded).toEqual(["oplog: find: not authorized on local to execute command"]);
  expect(samples.get("mongodb_up")).toBe(1);
  const http = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.write("HTTP/1.0 200 OK\r\n\r\n") },
  });
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  expect(await reasonAt(http.port)).toBe("the answer is not of MongoDB's protocol (OP_MSG)");
  expect(await reasonAt(silent.port)).toBe("no answer in time");
  expect(await reasonAt(await freePort())).toContain("ECONNREFUSED");
  http.stop(true);
  silent.stop(true);
});

function reasonAt(port: number): Promise<string> {
  const instance = new InstanceUnderTest(mongodb, { address: `127.0.0.1:${port}` }, 200);
  return instance.tick().then(() => "answered", messageOf);
}

const portOf = ({ address }: Mongod) => Number(address.split(":")[1]);

test("mongodb: found by process; a server that answers anyone is watched, another wants a user", async () => {
  const open = await Mongod.start({ answers });
  const shut = await Mongod.start({ answers, login });
  const processes = [{ name: "mongod" }, { name: "mongod" }];
  const ports = { [portOf(open)]: 0, [portOf(shut)]: 1 };
  const [first, second] = await mongodb.detect(givenHost({ processes, ports }));
  expect(first).toMatchObject({ confidence: 1, options: { address: open.address }, needs: [] });
  expect(second?.confidence).toBe(0.8);
  expect(second?.needs.map(({ key }) => key)).toEqual(["username", "password_file"]);
  const [gone] = await mongodb.detect(givenHost({ processes: [{ name: "mongos" }] }));
  expect(gone?.confidence).toBe(0.4);
  await open.stop();
  await shut.stop();
});

test("mongodb: lines of its log have their time, severity and component", () => {
  const text = `{"t":{"$date":"2026-11-21T22:45:02.860+01:00"},"s":"I",  "c":"NETWORK",  "id":22943,   "ctx":"listener","msg":"Connection accepted"}
{"t":{"$date":"2026-11-21T22:45:03.001+01:00"},"s":"W",  "c":"CONTROL",  "id":22120,   "ctx":"initandlisten","msg":"Access control is not enabled"}
{"t":{"$date":"2026-11-21T22:45:04.000+01:00"},"s":"D2", "c":"-",        "id":1,   "ctx":"x","msg":"y"}
`;
  const records = new LogsUnderTest(mongodb, {}).read("server", text);
  expect(records.map(({ severity: level, time }) => [level, time])).toEqual([
    [severity.info, "2026-11-21T21:45:02.860Z"],
    [severity.warn, "2026-11-21T21:45:03.001Z"],
    [severity.debug, "2026-11-21T21:45:04.000Z"],
  ]);
  expect(records[0]?.attributes).toMatchObject({ component: "NETWORK" });
});
