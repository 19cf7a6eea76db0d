import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { answerLines } from "#aggregator/commands/answer_text.ts";
import { cutContentOf } from "#aggregator/read/cut_content.ts";
import { cutMetricsOf } from "#aggregator/read/cut_metrics.ts";
import { openStore } from "#aggregator/blocks/open_store.ts";
import { gauge, lines } from "#aggregator/read/store.fixture.ts";
import type { Block } from "#aggregator/read/store.ts";
import { readSql } from "#proto/columns/sql_rows.ts";
import { readParts } from "#proto/columns/answer_reader.ts";
import { packSnappy, unpackSnappy } from "#proto/codec/snappy_block.ts";
import {
  ReadMatcherType,
  ReadRequestSchema,
  ReadResponseType,
} from "#proto/gen/foreign/prometheus_read_pb.js";
import type { QueryColumns } from "#proto/gen/v1/columns_pb.js";
import { labelsKey } from "#shared/model/labels.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { asking, until } from "#test/support/asking.ts";
import { builtUi } from "#test/support/built_ui.ts";
import { findChromium, launchChromium, withPage } from "#test/support/chromium.ts";
import { Stage } from "#test/support/stage.ts";
import { phone } from "#test/support/ui_browser.ts";

// Three blocks of each signal, the second of which is damaged while the aggregator runs: every interface answers with the rest.

const stage = new Stage();
const endMs = Date.now();
const startMs = endMs - 600_000;
const files = new Map<string, Buffer>();
let blocks: readonly Block[] = [];
let url = "";
let lapwing: ReturnType<typeof asking>;

beforeAll(async () => {
  await writeBlocks();
  const config = {
    data_dir: stage.path("up"),
    sources: [],
    storage: { compaction: { enabled: false, interval: "200ms" } },
  };
  ({ url } = await stage.start({ role: "up", name: "up", config }));
  lapwing = asking(url);
}, 60_000);
afterAll(() => stage.stop());

/** A commit a minute, the last of them a minute old. */
async function writeBlocks(): Promise<void> {
  const store = await openStore(StoreConfig.parse({ compaction: { enabled: false } }), {
    dataDir: stage.path("up", "aggregator"),
    clock: systemClock,
    log: createLogger("error"),
    metrics: createSelfMetrics(),
  });
  for (let i = 0; i < 3; i++) {
    const atMs = endMs - (3 - i) * 60_000;
    const timesMs = Array.from({ length: 10 }, (_, k) => atMs + k * 1_000);
    const labels = { job: `job${i}`, [`only${i}`]: "yes" };
    const series = gauge("kept", timesMs, timesMs.map(Number), labels);
    const exemplar = { timestampMs: atMs, value: i, labels: { trace_id: `trace${i}` } };
    const own = { labels: series.labels, key: labelsKey(series.labels), exemplars: [exemplar] };
    const texts = Array.from({ length: 20 }, (_, k) => `line ${k} of block ${i}`);
    const cut = {
      content: cutContentOf({
        metrics: new Map([["default", cutMetricsOf([series])]]),
        exemplars: new Map([["default", [own]]]),
        logs: new Map([["default", [lines(`app${i}`, texts, atMs)]]]),
      }),
      families: new Map(),
      lanes: [],
      carrier: {},
    };
    await store.commit(cut, () => {});
  }
  ({ blocks } = store.view());
  await store.close();
  for (const block of blocks) files.set(block.id, readFileSync(pathOf(block)));
}

const pathOf = ({ key }: Block) => stage.path("up", "aggregator", "blocks", key);

function damaged(signal: Block["signal"]): Block {
  const block = blocks.filter((one) => one.signal === signal)[1];
  if (block === undefined) throw new Error(`there is no second block of ${signal}`);
  return block;
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

/** The warning that names a block, but for what is wrong with its file. */
function warningOf(signal: Block["signal"]): string {
  const { id, items, minMs, maxMs } = damaged(signal);
  const noun = signal === "logs" ? "records" : "samples";
  const span = [minMs, maxMs].map((ms) => new Date(ms).toISOString()).join(" to ");
  return `incomplete answer: ${signal} block ${id} (${items} ${noun}, ${span}) is damaged: its file `;
}

const Envelope = z.looseObject({
  warnings: z.array(z.string()).default([]),
  isPartial: z.boolean().default(false),
});

/** What an interface answers, and what it says of it. */
type Answer = {
  readonly text: string;
  readonly warnings: readonly string[];
  readonly isPartial: boolean;
};

async function askJson(path: string, params: Record<string, string>): Promise<Answer> {
  const response = await lapwing.get(`${path}?${new URLSearchParams(params).toString()}`);
  expect(response.status).toBe(200);
  const { warnings, isPartial, ...rest } = Envelope.parse(await response.json());
  return { text: JSON.stringify(rest), warnings, isPartial };
}

async function askWithHeader(path: string, init?: RequestInit): Promise<Answer> {
  const response = await lapwing.get(path, init);
  expect(response.status).toBe(200);
  const bytes = await response.bytes();
  const isPacked = response.headers.get("content-encoding") === "snappy";
  const text = Buffer.from(isPacked ? unpackSnappy(bytes, 1e6) : bytes).toString("latin1");
  const header = response.headers.get("warning") ?? "";
  const warnings = [...header.matchAll(/199 lapwing "(?<text>[^"]*)"/g)].map(
    ({ groups }) => groups?.["text"] ?? "",
  );
  return { text, warnings, isPartial: response.headers.get("lapwing-partial") === "true" };
}

const range = { start: String(startMs / 1_000), end: String(endMs / 1_000) };
const rpcRange = { start: startMs / 1_000, end: endMs / 1_000 };
const lokiRange = { start: `${startMs}000000`, end: `${endMs}000000` };

function remoteRead(type: ReadResponseType): RequestInit {
  const matchers = [{ type: ReadMatcherType.EQ, name: "__name__", value: "kept" }];
  const query = {
    startTimestampMs: BigInt(startMs),
    endTimestampMs: BigInt(endMs),
    matchers,
  };
  const request = create(ReadRequestSchema, { queries: [query], acceptedResponseTypes: [type] });
  const body = packSnappy(toBinary(ReadRequestSchema, request));
  return { method: "POST", body: new Uint8Array(body) };
}

/** The first frames of a tail: its warnings, and as many lines as there are. */
async function tail(linesWanted: number): Promise<Answer> {
  const params = new URLSearchParams({ query: '{app=~".+"}', start: lokiRange.start });
  const address = new URL(`/loki/api/v1/tail?${params.toString()}`, url);
  address.protocol = "ws:";
  const socket = new WebSocket(address);
  const frames: string[] = [];
  socket.addEventListener("message", ({ data }) => void frames.push(String(data)));
  try {
    await until("the history", () => countLines(frames.join("\n")) >= linesWanted);
  } finally {
    socket.close();
  }
  const read = frames.map((frame) => Envelope.parse(JSON.parse(frame)));
  return {
    text: frames.filter((frame) => !frame.includes("warnings")).join("\n"),
    warnings: read.flatMap(({ warnings }) => warnings),
    isPartial: read.some(({ isPartial }) => isPartial),
  };
}

/** The same from the stream that the interface follows. */
async function stream(linesWanted: number): Promise<Answer> {
  const params = new URLSearchParams({ query: '{app=~".+"}', history: "100" });
  const abort = new AbortController();
  const path = `/api/v1/monitoring/logs/stream?${params.toString()}`;
  const response = await lapwing.get(path, { signal: abort.signal });
  expect(response.status).toBe(200);
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (countLines(text) >= linesWanted) break;
  }
  abort.abort();
  const partial = /^event: partial\ndata: (?<json>.*)$/m.exec(text)?.groups?.["json"];
  const { warnings, isPartial } = Envelope.parse(JSON.parse(partial ?? "{}"));
  return { text: text.replace(partial ?? "", ""), warnings, isPartial };
}

function countLines(text: string): number {
  return text.match(/line \d+ of block \d/g)?.length ?? 0;
}

async function askSql(sql: string): Promise<Answer> {
  const { rows, warnings, isPartial } = await readSql(lapwing.rpc.querySql({ sql }));
  return { text: rows.map((row) => JSON.stringify(row)).join("\n"), warnings, isPartial };
}

async function askColumns(parts: AsyncIterable<QueryColumns>): Promise<Answer> {
  const read = await readParts(parts);
  const { warnings, isPartial } = read.end;
  return { text: answerLines(read).join("\n"), warnings, isPartial };
}

type Ask = (linesWanted: number) => Promise<Answer>;

const metrics: Readonly<Record<string, Ask>> = {
  query: () => askJson("/api/v1/query", { query: "count_over_time(kept[9m])", time: range.end }),
  query_range: () => askJson("/api/v1/query_range", { query: "kept", step: "10", ...range }),
  series: () => askJson("/api/v1/series", { "match[]": "kept", ...range }),
  labels: () => askJson("/api/v1/labels", { "match[]": "kept", ...range }),
  label_values: () => askJson("/api/v1/label/job/values", { "match[]": "kept", ...range }),
  exemplars: () => askJson("/api/v1/query_exemplars", { query: "kept", ...range }),
  remote_read_samples: () => askWithHeader("/api/v1/read", remoteRead(ReadResponseType.SAMPLES)),
  remote_read_chunks: () =>
    askWithHeader("/api/v1/read", remoteRead(ReadResponseType.STREAMED_XOR_CHUNKS)),
  federate: () => askWithHeader("/federate?match[]=kept"),
  monitoring: () => askJson("/api/v1/monitoring/metrics", { query: "kept", step: "10s", ...range }),
  connect: () => askColumns(lapwing.rpc.queryPromql({ query: "kept", step: 10, ...rpcRange })),
  sql: () => askSql("SELECT DISTINCT labels FROM metrics WHERE name = 'kept'"),
};

const logs: Readonly<Record<string, Ask>> = {
  query_range: () =>
    askJson("/loki/api/v1/query_range", { query: '{app=~".+"}', limit: "100", ...lokiRange }),
  query_range_metric: () =>
    askJson("/loki/api/v1/query_range", {
      query: 'sum by (app) (count_over_time({app=~".+"}[10m]))',
      step: "60",
      ...lokiRange,
    }),
  query: () =>
    askJson("/loki/api/v1/query", {
      query: 'sum by (app) (count_over_time({app=~".+"}[10m]))',
      time: lokiRange.end,
    }),
  series: () => askJson("/loki/api/v1/series", { "match[]": '{app=~".+"}', ...lokiRange }),
  label_values: () => askJson("/loki/api/v1/label/app/values", lokiRange),
  volume: () => askJson("/loki/api/v1/index/volume", { query: '{app=~".+"}', ...lokiRange }),
  monitoring: () => askJson("/api/v1/monitoring/logs", { query: '{app=~".+"}', limit: "100" }),
  tail,
  stream,
  connect: () =>
    askColumns(lapwing.rpc.queryLogql({ query: '{app=~".+"}', limit: 100, ...rpcRange })),
  sql: () => askSql("SELECT body, stream FROM logs"),
};

const damages = [
  ["flipped bytes", "has checksum ", flip],
  ["a truncated file", "has 100 bytes, expected ", (path: string) => truncateSync(path, 100)],
  ["a deleted file", "is missing", (path: string) => rmSync(path)],
] as const;

/** Which of the three blocks an answer is of. */
function blocksIn(text: string): string {
  return ["0", "1", "2"]
    .filter((i) => new RegExp(`\\b(job|app|only|block )${i}\\b`).test(text))
    .join();
}

function restore(): void {
  for (const signal of ["metrics", "logs"] as const) {
    const block = damaged(signal);
    writeFileSync(pathOf(block), files.get(block.id) ?? "");
  }
}

async function expectWhole(asks: Readonly<Record<string, Ask>>): Promise<void> {
  for (const [name, ask] of Object.entries(asks)) {
    const { text, ...notes } = await ask(60);
    expect([name, blocksIn(text), notes]).toEqual([
      name,
      "0,1,2",
      { warnings: [], isPartial: false },
    ]);
  }
}

describe.each(damages)("%s", (_name, fault, damage) => {
  afterAll(async () => {
    restore();
    await until("the blocks to be whole again", async () => {
      const { warnings } = await askSql("SELECT count(*) FROM metrics, logs");
      return warnings.length === 0;
    });
  });

  test("of one block of each signal leave the rest of every answer, marked and with a warning that names the block", async () => {
    await expectWhole(metrics);
    await expectWhole(logs);
    for (const signal of ["metrics", "logs"] as const) damage(pathOf(damaged(signal)));
    // What is decoded already is answered until something reads the file.
    await askSql("SELECT (SELECT count(*) FROM metrics), count(*) FROM logs");
    for (const [signal, asks] of [
      ["metrics", metrics],
      ["logs", logs],
    ] as const)
      for (const [name, ask] of Object.entries(asks)) {
        const { text, warnings, isPartial } = await ask(40);
        // SQL is one question to all blocks.
        const wanted =
          name === "sql" ? [warningOf("metrics"), warningOf("logs")] : [warningOf(signal)];
        expect([signal, name, blocksIn(text), isPartial]).toEqual([signal, name, "0,2", true]);
        expect([name, warnings]).toEqual([
          name,
          wanted.map((text_) => expect.stringContaining(text_ + fault)),
        ]);
      }
    expect(await lapwing.own('lapwing_store_damaged_items{signal="logs"}')).toBe(20);
    expect(await lapwing.own('lapwing_store_damaged_items{signal="metrics"}')).toBe(10);
  }, 60_000);
});

const chromiumPath = findChromium();

test.skipIf(chromiumPath === undefined)(
  "pages say that an answer is incomplete, and name the block when asked (needs Chromium)",
  async () => {
    await builtUi();
    const browser = await launchChromium(chromiumPath ?? "");
    stage.after(() => browser.close());
    const query = encodeURIComponent('{app=~".+"}');
    const counted = encodeURIComponent('sum(count_over_time({app=~".+"}[1m]))');
    const pages = [
      ["metrics", "/explore?expr=kept", {}],
      ["logs", `/logs?lang=logql&q=${query}`, {}],
      ["logs", `/logs?lang=logql&q=${counted}`, phone],
      ["logs", `/logs?lang=logql&q=${query}&live=on`, phone],
    ] as const;
    for (const signal of ["metrics", "logs"] as const) flip(pathOf(damaged(signal)));
    await askSql("SELECT count(*) FROM metrics, logs");
    for (const [signal, path, options] of pages)
      await withPage(browser, { baseURL: url, ...options }, async ({ page }) => {
        await page.goto(path);
        await page.getByRole("button", { name: "Incomplete" }).click();
        const named = page.getByRole("dialog", { name: "What is missing" });
        await named.getByText(warningOf(signal)).waitFor();
      });
    await withPage(browser, { baseURL: url }, async ({ page }) => {
      await page.goto("/data?tab=storage");
      const table = page.getByRole("region", { name: "Damaged blocks" });
      for (const signal of ["metrics", "logs"] as const)
        await table.getByText(damaged(signal).id).waitFor();
    });
    restore();
  },
  90_000,
);
