import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { z } from "zod";
import { packSnappy, unpackSnappy } from "#proto/codec/snappy_block.ts";
import { LapwingProcess } from "#test/support/lapwing_process.ts";
import { type HostSeries } from "#test/support/node_hosts.ts";
import { prometheusProgram, startPrometheus } from "#test/support/prometheus.ts";
import { readXorChunk } from "#test/support/read_xor_chunk.ts";
import { remoteWriteBody } from "#test/support/remote_write_body.ts";
import { asking, until } from "#test/support/asking.ts";

// Debian's binaries against a whole `lapwing up`: remote read, federation, promtool.

const Answer = z.object({ data: z.object({ result: z.array(z.unknown()) }) });
const isSkipped = prometheusProgram === null;
if (isSkipped) console.warn("skipped: needs an installed prometheus");
const promtool = Bun.which("promtool");
if (promtool === null) console.warn("skipped: needs an installed promtool");

/** Off the grid of the queries: before version 3 a window holds what is exactly as old as it is long. */
const nowMs = Date.now();
const startMs = nowMs - 600_000 - (nowMs % 1_000) + 1;
const stepMs = 15_000;
const hosts: HostSeries[] = ["a", "b", "c"].map((host, n) => ({
  labels: { __name__: "requests_total", host, job: "made" },
  timestampsMs: Float64Array.from({ length: 40 }, (_, i) => startMs + i * stepMs),
  values: Float64Array.from({ length: 40 }, (_, i) => (n + 1) * i * 1.1),
}));

let folder = "";
let lapwing: LapwingProcess;
let url = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lapwing-prometheus-api-"));
  lapwing = await LapwingProcess.start({
    role: "up",
    name: "up",
    folder,
    config: { data_dir: join(folder, "data"), sources: [] },
  });
  url = lapwing.url.replace(/\/$/, "");
  const written = await fetch(`${url}/api/v1/write`, {
    method: "POST",
    body: remoteWriteBody(hosts),
    headers: { "content-encoding": "snappy", "content-type": "application/x-protobuf" },
  });
  expect(written.status).toBe(204);
  await until("the samples", async () => {
    const result = await range(url, "requests_total");
    return result.length === hosts.length;
  });
});
afterAll(async () => {
  await lapwing.end("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

async function range(base: string, query: string): Promise<unknown[]> {
  const start = Math.floor(startMs / 1_000);
  const parameters = new URLSearchParams({
    query,
    start: `${start}`,
    end: `${start + 590}`,
    step: "15",
  });
  const response = await fetch(`${base}/api/v1/query_range?${parameters}`);
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return Answer.parse(await response.json()).data.result;
}

/** Versions differ in the order of their additions, so in the last digits of rates. */
function rounded(result: readonly unknown[]): unknown {
  return JSON.parse(JSON.stringify(result), (_, value: unknown) =>
    typeof value === "string" && /^[\d.]+$/.test(value) ? Number(value).toPrecision(12) : value,
  );
}

test.skipIf(isSkipped)(
  "a Prometheus that reads from Lapwing answers the same as Lapwing",
  async () => {
    const prometheus = await startPrometheus(join(folder, "reader"), {
      remote_read: [{ url: `${url}/api/v1/read`, read_recent: true }],
    });
    try {
      for (const query of [
        "requests_total",
        "sum by (job) (rate(requests_total[1m]))",
        'requests_total{host=~"a|b"} - on(job) group_left requests_total{host="c"}',
        'max_over_time(requests_total{host!="a"}[2m])',
      ]) {
        const ours = await range(url, query);
        expect(ours.length).toBeGreaterThan(0);
        expect(rounded(await range(prometheus.url, query))).toEqual(rounded(ours));
      }
    } finally {
      await prometheus.stop();
    }
  },
  60_000,
);

const instant = `/api/v1/query?query=${encodeURIComponent('requests_total{job="made"}')}`;

test.skipIf(isSkipped)(
  "a Prometheus that federates from Lapwing has its newest samples",
  async () => {
    const federation = {
      job_name: "federation",
      honor_labels: true,
      scrape_interval: "1s",
      metrics_path: "/federate",
      params: { "match[]": ['{job="made"}'] },
      static_configs: [{ targets: [new URL(url).host] }],
    };
    const prometheus = await startPrometheus(join(folder, "federation"), {
      scrape_configs: [federation],
    });
    try {
      const Vector = z.object({
        data: z.object({
          result: z.array(
            z.object({
              metric: z.record(z.string(), z.string()),
              value: z.tuple([z.number(), z.string()]),
            }),
          ),
        }),
      });
      const shown = async (base: string) =>
        Vector.parse(await (await fetch(base + instant)).json())
          .data.result.map(({ metric, value }) => `${metric.host} ${metric.job} ${value[1]}`)
          .toSorted();
      const theirs = await until("federated series", async () => {
        const found = await shown(prometheus.url);
        return found.length === hosts.length && found;
      });
      expect(theirs).toEqual(await shown(url));
      expect(theirs[0]).toBe(`a made ${39 * 1.1}`);
    } finally {
      await prometheus.stop();
    }
  },
  60_000,
);

/** ReadRequest of everything named requests_total, and the response types that are taken. */
function readRequest(types: readonly number[]): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter().uint32(0x0a).fork();
  writer
    .uint32(0x08)
    .int64(startMs - 1)
    .uint32(0x10)
    .int64(Date.now());
  const matcher = writer.uint32(0x1a).fork().uint32(0x08).int32(0);
  matcher.uint32(0x12).string("__name__").uint32(0x1a).string("requests_total").join();
  writer.join();
  for (const type of types) writer.uint32(0x10).int32(type);
  return packSnappy(writer.finish());
}

const post = (types: readonly number[]) =>
  fetch(`${url}/api/v1/read`, { method: "POST", body: readRequest(types) });

describe("POST /api/v1/read", () => {
  test("streams XOR chunks in frames with their CRC-32C", async () => {
    const response = await post([1, 0]);
    expect(response.headers.get("content-type")).toBe(
      "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse",
    );
    const frames = framesOf(await response.bytes());
    expect(frames.length).toBe(hosts.length);
    for (const [i, frame] of frames.entries()) {
      const { timestampsMs, words } = readXorChunk(chunkOf(frame));
      expect(timestampsMs).toEqual([...(hosts[i]?.timestampsMs ?? [])]);
      const values = new Float64Array(Uint32Array.from(words).buffer);
      expect([...values]).toEqual([...(hosts[i]?.values ?? [])]);
    }
  });
  test("takes the first type that it has, samples without any, and refuses where it has none", async () => {
    const samples = await post([]);
    expect(samples.headers.get("content-type")).toBe("application/x-protobuf");
    expect(samples.headers.get("content-encoding")).toBe("snappy");
    expect(unpackSnappy(await samples.bytes(), 1 << 20).length).toBeGreaterThan(40 * 3 * 10);
    expect((await post([9, 0])).headers.get("content-type")).toBe("application/x-protobuf");
    expect((await post([9])).status).toBe(400);
    const broken = await fetch(`${url}/api/v1/read`, { method: "POST", body: "no snappy" });
    expect(broken.status).toBe(400);
  });
});

/** CRC-32C bit by bit, apart from the server's table. */
function crc(bytes: Uint8Array): number {
  let value = 0xffff_ffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f6_3b78 : 0);
  }
  return ~value >>> 0;
}

function framesOf(bytes: Uint8Array): Uint8Array[] {
  const reader = new BinaryReader(bytes);
  const frames: Uint8Array[] = [];
  while (reader.pos < bytes.length) {
    const length = reader.uint32();
    const view = new DataView(bytes.buffer, bytes.byteOffset + reader.pos);
    const frame = bytes.subarray(reader.pos + 4, reader.pos + 4 + length);
    expect(frame.length).toBe(length);
    expect(crc(frame)).toBe(view.getUint32(0));
    frames.push(frame);
    reader.pos += 4 + length;
  }
  return frames;
}

/** The data (4) of the one chunk (2) of the one series (1) of a frame. */
function chunkOf(frame: Uint8Array): Uint8Array {
  let message = frame;
  for (const field of [1, 2, 4]) {
    const reader = new BinaryReader(message);
    let found: Uint8Array | undefined;
    while (reader.pos < reader.len) {
      const [number, wire] = reader.tag();
      if (number === field) found = reader.bytes();
      else reader.skip(wire);
    }
    if (found === undefined) throw new Error(`no field ${field}`);
    message = found;
  }
  return message;
}

test.skipIf(promtool === null)("promtool reads what /metrics and /federate give", async () => {
  for (const path of ["/metrics", `/federate?match[]=${encodeURIComponent('{job="made"}')}`]) {
    const stdin = await (await fetch(url + path)).bytes();
    const child = Bun.spawnSync([promtool ?? "", "check", "metrics"], { stdin });
    // 1 is a text that cannot be parsed; 3 is advice on names and help.
    expect([path, child.exitCode, child.stderr.toString()]).not.toEqual([
      path,
      1,
      expect.any(String),
    ]);
  }
});

test("status endpoints tell of the head, the blocks and the configuration", async () => {
  const get = async (path: string) => (await fetch(url + path)).json();
  expect(await get("/api/v1/status/tsdb?limit=1")).toMatchObject({ status: "success" });
  expect(await get("/api/v1/status/config")).toMatchObject({
    data: { yaml: expect.stringContaining("data_dir") },
  });
  expect(await get("/version")).toMatchObject({ version: expect.any(String) });
  expect((await fetch(`${url}/-/healthy`, { method: "HEAD" })).status).toBe(200);
  expect((await fetch(`${url}/api/v1/labels`, { method: "DELETE" })).status).toBe(405);
  expect((await fetch(`${url}/api/v1/nothing`)).status).toBe(404);
});

test("a snapshot holds what was in memory, and restores into an empty store", async () => {
  const taken = await fetch(`${url}/api/v1/admin/tsdb/snapshot`, { method: "POST" });
  expect(taken.status).toBe(200);
  const { data } = z.object({ data: z.object({ name: z.string() }) }).parse(await taken.json());
  const snapshots = join(folder, "data", "aggregator", "snapshots");
  const data_dir = join(folder, "restored");
  const lapwingCommand = [process.execPath, join(import.meta.dir, "..", "..", "lapwing.ts")];
  const restored = Bun.spawnSync([
    ...lapwingCommand,
    "storage",
    "restore",
    "--data-dir",
    data_dir,
    "--from",
    snapshots,
    "--name",
    data.name,
  ]);
  expect([restored.exitCode, restored.stderr.toString()]).toEqual([0, ""]);
  const copy = await LapwingProcess.start({
    role: "up",
    name: "restored",
    folder,
    config: { data_dir, sources: [] },
  });
  try {
    const query = "sum(count_over_time(requests_total[1h]))";
    const samples = await (
      await fetch(`${copy.url}api/v1/query?query=${encodeURIComponent(query)}`)
    ).text();
    expect(samples).toContain(`"${hosts.length * 40}"`);
  } finally {
    await copy.end("SIGKILL");
  }
}, 60_000);

test("a process that may be ended over HTTP ends cleanly", async () => {
  const config = { data_dir: join(folder, "ending"), sources: [], lifecycle: { quit: true } };
  const ending = await LapwingProcess.start({ role: "up", name: "ending", folder, config });
  expect((await fetch(`${url}/-/quit`, { method: "POST" })).status).toBe(403);
  expect((await fetch(`${ending.url}-/quit`, { method: "POST" })).status).toBe(200);
  expect(await ending.exited()).toBe(0);
}, 60_000);

test("what is posted as JSON is answered as JSON, and what is refused stands in the loss account", async () => {
  const path = `${url}/api/v1/monitoring/metrics`;
  const before = await asking(url).account("metrics");
  const metrics = [
    { name: "posted_total", labels: { by: "hand" }, value: 7, type: "counter", help: "By hand." },
    { name: "posted_total", value: "much" },
  ];
  const posted = await fetch(path, { method: "POST", body: JSON.stringify({ metrics }) });
  expect(posted.status).toBe(400);
  expect(await posted.json()).toMatchObject({ stored: 1, refused: [{ index: 1 }] });
  const answer = await until("the sample", async () => {
    const Points = z.object({ series: z.array(z.unknown()) });
    const { series } = Points.parse(
      await (await fetch(`${path}?query=posted_total&step=1`)).json(),
    );
    return series.length === 1 && series;
  });
  const [handed] = z
    .array(
      z.object({
        labels: z.object({ by: z.string() }),
        points: z.array(z.tuple([z.number(), z.number()])),
      }),
    )
    .parse(answer);
  expect(handed?.labels.by).toBe("hand");
  // A point for each second between the push and the question.
  expect([...new Set(handed?.points.map(([, value]) => value))]).toEqual([7]);
  const metadata = await (await fetch(`${url}/api/v1/metadata?metric=posted_total`)).text();
  expect(metadata).toContain('"type":"counter","help":"By hand."');
  const account = await until("the account", async () => {
    const now = await asking(url).account("metrics");
    return now?.dropped["invalid_sample"] === 1 && now;
  });
  const sum = Object.values(account.dropped).reduce((total, count) => total + count, 0);
  expect(account.collected).toBe(account.stored + account.inFlight + sum);
  expect(before?.dropped["invalid_sample"]).toBeUndefined();
});

test("paths that are known refuse other methods, and unknown ones are not found", async () => {
  for (const [method, path, allow] of [
    ["DELETE", "/api/v1/query", "GET, OPTIONS, POST"],
    ["POST", "/api/v1/label/job/values", "GET, OPTIONS"],
    ["GET", "/api/v1/admin/tsdb/snapshot", "OPTIONS, POST, PUT"],
    ["PUT", "/api/v1/monitoring/metrics", "GET, OPTIONS, POST"],
    ["PUT", "/loki/api/v1/labels", "GET, OPTIONS, POST"],
    ["POST", "/federate", "GET, OPTIONS"],
    ["POST", "/-/healthy", "GET, HEAD, OPTIONS"],
    ["GET", "/-/quit", "OPTIONS, POST, PUT"],
  ] as const) {
    const response = await fetch(url + path, { method });
    expect([path, response.status, response.headers.get("allow")]).toEqual([path, 405, allow]);
  }
  expect((await fetch(`${url}/api/v1/nothing`, { method: "POST" })).status).toBe(404);
  expect((await fetch(`${url}/api/v1/query`, { method: "OPTIONS" })).status).toBe(204);
});
