import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { Held, opened } from "../receiver.fixture.ts";
import { elasticsearch } from "./receiver.ts";

function start() {
  const held = new Held();
  const config = elasticsearch.config.parse({});
  const { app } = opened((context) => elasticsearch.open(config, context), held);
  const bulk = async (lines: readonly unknown[], path = "/_bulk", isPacked = false) => {
    const text = lines
      .map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`)
      .join("");
    const body = isPacked ? new Uint8Array(gzipSync(text)) : text;
    const headers: Record<string, string> = isPacked ? { "content-encoding": "gzip" } : {};
    const response = await app.request(path, { method: "POST", body, headers });
    return { status: response.status, answer: (await response.json()) as unknown };
  };
  return { held, app, bulk };
}
const create = (index?: string) => ({ create: index === undefined ? {} : { _index: index } });

// As Filebeat 8 sends it: the Elastic Common Schema, create into a data stream.
const beat = {
  "@timestamp": "2025-10-01T08:00:00.123Z",
  message: "GET / 200",
  log: { level: "warn", file: { path: "/var/log/a.log" }, offset: 12 },
  host: { name: "web1" },
  service: { name: "shop" },
  "container.name": "c1",
  tags: ["a", "b"],
};

test("elasticsearch: documents become records with labels of the common schema", async () => {
  const { held, bulk } = start();
  const { status, answer } = await bulk([create("filebeat-8"), beat], "/elasticsearch/_bulk", true);
  expect([status, answer]).toEqual([
    200,
    {
      errors: false,
      took: 0,
      items: [
        {
          create: {
            _index: "filebeat-8",
            _id: expect.any(String),
            _version: 1,
            result: "created",
            status: 201,
          },
        },
      ],
    },
  ]);
  expect(held.logs).toEqual([
    {
      stream: {
        job: "elasticsearch",
        index: "filebeat-8",
        service_name: "shop",
        host: "web1",
        container: "c1",
      },
      timestampMs: Date.parse("2025-10-01T08:00:00.123Z"),
      nanos: 0,
      severity: 13,
      line: "GET / 200",
      attributes: {
        log_level: "warn",
        log_file_path: "/var/log/a.log",
        log_offset: "12",
        tags: '["a","b"]',
      },
    },
  ]);
});
test.each(["/_bulk", "/logs/_bulk", "/elasticsearch/_bulk", "/elasticsearch/logs/_bulk"])(
  "elasticsearch: answers of %s, refusals too, name the product that Elastic's clients look for",
  async (path) => {
    const { app } = start();
    for (const [body, status] of [
      ['{"create":{"_index":"a"}}\n{"message":"x"}\n', 200],
      ["{\n", 400],
    ] as const) {
      const response = await app.request(path, { method: "POST", body });
      expect([response.status, response.headers.get("x-elastic-product")]).toEqual([
        status,
        "Elasticsearch",
      ]);
    }
  },
);
test("elasticsearch: each item has its status; the index may stand in the path", async () => {
  const { held, bulk } = start();
  const { answer } = await bulk(
    [
      { index: { _id: "7" } },
      { message: "a", "@timestamp": 1_759_300_000_123 },
      create("own"),
      "{nonsense",
      { delete: { _id: "1" } },
      { update: { _id: "1" } },
      { doc: {} },
      create(),
      { no: "message" },
    ],
    "/logs/_bulk",
  );
  expect(answer).toMatchObject({
    errors: true,
    items: [
      { index: { _index: "logs", _id: "7", status: 201 } },
      { create: { _index: "own", status: 400, error: { type: "document_parsing_exception" } } },
      { delete: { status: 400 } },
      { update: { status: 400 } },
      { create: { status: 201 } },
    ],
  });
  expect(held.logs.map(({ line, stream }) => [line, stream["index"]])).toEqual([
    ["a", "logs"],
    ['{"no":"message"}', "logs"],
  ]);
  expect(held.logs[0]?.timestampMs).toBe(1_759_300_000_123);
  expect(held.drops).toEqual({ invalid_record: 3 });
});
test("elasticsearch: the answer to many items has them in their order", async () => {
  const { bulk } = start();
  const items = Array.from({ length: 200 }, (_, i) =>
    i % 3 === 0 ? [create(`i${i}`), "{nonsense"] : [create(`i${i}`), { message: `${i}` }],
  );
  const { answer } = await bulk(items.flat());
  expect(answer).toMatchObject({
    errors: true,
    items: items.map((_, i) => ({ create: { _index: `i${i}`, status: i % 3 === 0 ? 400 : 201 } })),
  });
});
test("elasticsearch: a request that is none takes nothing; trouble of ours is 503", async () => {
  const { held, bulk } = start();
  const good = [create("a"), { message: "x" }];
  for (const bad of [[], ["{}"], [{ other: {} }], ["nonsense"], [create("a")]]) {
    const { status, answer } = await bulk([...(bad.length > 0 ? good : []), ...bad]);
    expect([status, answer]).toMatchObject([
      400,
      { status: 400, error: { reason: expect.any(String) } },
    ]);
  }
  expect(held.logs).toEqual([]);
  held.isBroken = true;
  expect((await bulk(good)).status).toBe(503);
});
test("elasticsearch: agents find what they ask for at their start", async () => {
  const { app } = start();
  const get = async (path: string, method = "GET") => {
    const response = await app.request(`/elasticsearch${path}`, { method });
    expect([path, response.status]).toEqual([path, 200]);
    expect(response.headers.get("x-elastic-product")).toBe("Elasticsearch");
    return method === "HEAD" ? undefined : ((await response.json()) as unknown);
  };
  expect(await get("/")).toMatchObject({ version: { number: expect.stringMatching(/^8\./) } });
  await get("");
  await get("/", "HEAD");
  expect(await get("/_license")).toMatchObject({ license: { status: "active", type: "basic" } });
  expect(await get("/_cluster/health")).toMatchObject({ status: "green" });
  expect(await get("/_nodes/http")).toMatchObject({ nodes: {} });
  await get("/_index_template/filebeat", "HEAD");
  for (const path of [
    "/_index_template/a",
    "/_template/a",
    "/_ilm/policy/a",
    "/_ingest/pipeline/a",
  ])
    expect(await get(path, "PUT")).toEqual({ acknowledged: true });
});
