import { afterAll, beforeAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { severity } from "#shared/model/logs.ts";
import { freePort } from "#test/support/free_port.ts";
import { givenHost } from "#test/support/given_host.ts";
import { expectAssets } from "#test/support/integration_assets.ts";
import { LogsUnderTest } from "#test/support/integration_logs.ts";
import { InstanceUnderTest } from "#test/support/integration_world.ts";
import { about, allNodes, clusterHealth, indexStats, localNode } from "./answers.fixture.ts";
import { elasticsearch } from "./integration.ts";

const password = "hunter2";
const wanted = `Basic ${btoa(`lapwing:${password}`)}`;
const user = { username: "lapwing", password };

/** Answers as a node does that asks for a password; whoever may not see statistics of indices gets 403, as without the right. */
let server: Bun.Server<undefined>;
let url = "";
let mayMonitorIndices = true;
const asked: string[] = [];

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      if (request.headers.get("authorization") !== wanted)
        return Response.json({ error: { type: "security_exception" } }, { status: 401 });
      if (pathname === "/") return Response.json(about);
      if (pathname === "/_cluster/health") return Response.json(clusterHealth);
      if (pathname === "/_nodes/_local/stats") return Response.json(localNode);
      if (pathname === "/_nodes/stats") return Response.json(allNodes);
      if (pathname.startsWith("/_all/_stats/") && mayMonitorIndices)
        return Response.json(indexStats);
      return Response.json({ error: { type: "security_exception" } }, { status: 403 });
    },
  });
  url = server.url.href;
});

afterAll(() => server.stop(true));

const a =
  'cluster="shop",host="10.0.0.1",name="a",es_master_node="false",es_data_node="true",es_ingest_node="true",es_client_node="true"';

test("elasticsearch: health, node and indices have the exporter's names, labels and units", async () => {
  const instance = new InstanceUnderTest(elasticsearch, { url, ...user, indices: true });
  const { samples, families, degraded } = await instance.tick();
  expect(degraded).toEqual([]);
  const expected: Readonly<Record<string, number>> = {
    'elasticsearch_cluster_health_status{cluster="shop",color="yellow"}': 1,
    'elasticsearch_cluster_health_status{cluster="shop",color="green"}': 0,
    'elasticsearch_cluster_health_unassigned_shards{cluster="shop"}': 10,
    [`elasticsearch_indices_docs{${a}}`]: 1_200,
    [`elasticsearch_indices_search_query_time_seconds{${a}}`]: 12,
    [`elasticsearch_indices_indexing_is_throttled{${a}}`]: 1,
    [`elasticsearch_indices_query_cache_count{${a},cache="hit"}`]: 250,
    [`elasticsearch_indices_request_miss_count{${a},cache="miss"}`]: 30,
    [`elasticsearch_jvm_memory_used_bytes{${a},area="heap"}`]: 750,
    [`elasticsearch_jvm_uptime_seconds{${a},type="mapped"}`]: 90.5,
    [`elasticsearch_jvm_gc_collection_seconds_sum{${a},gc="old"}`]: 1.5,
    [`elasticsearch_breakers_tripped{${a},breaker="parent"}`]: 3,
    [`elasticsearch_thread_pool_rejected_count{${a},type="write"}`]: 11,
    [`elasticsearch_filesystem_data_available_bytes{${a},mount="/data (/dev/sda1)",path="/data/nodes/0"}`]: 250,
    [`elasticsearch_filesystem_io_stats_device_write_size_kilobytes_sum{${a},device="sda1"}`]: 200,
    'elasticsearch_nodes_roles{cluster="shop",host="10.0.0.1",name="a",node="idA",role="ml"}': 1,
    'elasticsearch_nodes_roles{cluster="shop",host="10.0.0.1",name="a",node="idA",role="master"}': 0,
    'elasticsearch_indices_store_size_bytes_primary{index="orders.v1",cluster="shop"}': 5_000_000,
    'elasticsearch_index_stats_indexing_index_time_seconds_total{index="orders.v1",cluster="shop"}': 2.5,
    'elasticsearch_indices_segment_fields_memory_bytes_total{index="orders.v1",cluster="shop"}': 6_000,
  };
  expect(Object.fromEntries(Object.keys(expected).map((key) => [key, samples.get(key)]))).toEqual(
    expected,
  );
  expect(families.get("elasticsearch_indices_search_query_total")?.type).toBe("counter");
  expect(families.get("elasticsearch_indices_docs")?.type).toBe("gauge");
  expectAssets(import.meta.dir, samples.keys());
});

test("elasticsearch: one agent may ask for all nodes, and indices only where that is wanted", async () => {
  asked.length = 0;
  const { samples } = await new InstanceUnderTest(elasticsearch, {
    url,
    ...user,
    nodes: "all",
  }).tick();
  const names = [...samples.keys()].filter((key) => key.startsWith("elasticsearch_os_load1{"));
  expect(names.map((key) => /,name="(\w)"/.exec(key)?.[1])).toEqual(["a", "b"]);
  expect(asked).toEqual(["/", "/_cluster/health", "/_nodes/stats"]);
});

test("elasticsearch: a right that lacks is told, and the rest goes on", async () => {
  mayMonitorIndices = false;
  const instance = new InstanceUnderTest(elasticsearch, { url, ...user, indices: true });
  const { samples, degraded } = await instance.tick();
  mayMonitorIndices = true;
  expect(degraded).toHaveLength(1);
  expect(degraded[0]).toStartWith("indices: GET /_all/_stats/");
  expect(degraded[0]).toEndWith("server returned HTTP status 403 Forbidden");
  expect(samples.has(`elasticsearch_indices_docs{${a}}`)).toBe(true);
});

test("elasticsearch: a wrong password, another service, silence and nobody make the tick fail", async () => {
  const other = Bun.serve({ port: 0, fetch: () => Response.json({ name: "something" }) });
  const silent = Bun.serve({ port: 0, fetch: () => Bun.sleep(3_000).then(() => new Response()) });
  expect(await reasonOf({ url, username: "lapwing", password: "wrong" })).toBe(
    "GET /: server returned HTTP status 401 Unauthorized",
  );
  expect(await reasonOf({ url: other.url.href })).toBe("GET /: names no cluster");
  expect(await reasonOf({ url: silent.url.href })).toStartWith("GET /: ");
  expect(await reasonOf({ url: `http://127.0.0.1:${await freePort()}` })).toStartWith("GET /: ");
  await other.stop(true);
  await silent.stop(true);
});

function reasonOf(options: object): Promise<string> {
  const instance = new InstanceUnderTest(elasticsearch, options, 200);
  return instance.tick().then(() => "answered", messageOf);
}

const java = (main: string) => [{ name: "java", args: ["java", "-Xms1g", main, "-d"] }];

test("elasticsearch: found by the class that Java runs; asks for a password or a certificate where it must", async () => {
  const processes = java("org.elasticsearch.bootstrap.Elasticsearch");
  const [unknownPort] = await elasticsearch.detect(givenHost({ processes, ports: { 9300: 0 } }));
  expect(unknownPort?.options).toEqual({ url: "https://127.0.0.1:9200" });
  expect(unknownPort?.needs.map(({ key }) => key)).toEqual([
    "username",
    "password_file",
    "tls_config",
  ]);
  const host = givenHost({
    processes: java("org.opensearch.bootstrap.OpenSearch"),
    ports: { 9200: 0 },
  });
  const get = (status: number) => ({
    ...host,
    get: async () => ({ status, body: JSON.stringify(about) }),
  });
  expect(await elasticsearch.detect(get(200))).toEqual([
    {
      confidence: 1,
      because: ["process java (pid 100) runs OpenSearch", "http://127.0.0.1:9200 answers"],
      options: { url: "http://127.0.0.1:9200" },
      needs: [],
    },
  ]);
  const [shut] = await elasticsearch.detect(get(401));
  expect(shut?.needs.map(({ key }) => key)).toEqual(["username", "password_file"]);
});

test("elasticsearch: records of its log have their time, severity, logger and stack traces", () => {
  const text = `[2026-11-21T21:45:02,860][INFO ][o.e.n.Node               ] [a] started
[2026-11-21T21:45:03,001][WARN ][o.e.c.r.a.DiskThresholdMonitor] [a] high disk watermark [90%] exceeded
java.lang.IllegalStateException: no
	at org.elasticsearch.Main.main(Main.java:1)
`;
  const records = new LogsUnderTest(elasticsearch, {}).read("server", text);
  expect(records.map(({ severity: level }) => level)).toEqual([severity.info, severity.warn]);
  expect(records.map(({ attributes }) => attributes.logger)).toEqual([
    "o.e.n.Node",
    "o.e.c.r.a.DiskThresholdMonitor",
  ]);
  expect(Date.parse(records[1]?.time ?? "")).toBe(new Date(2026, 10, 21, 21, 45, 3, 1).getTime());
  expect(records[1]?.body).toContain("Main.java:1");
});
