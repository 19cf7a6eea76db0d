import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { templateOfText, unmined } from "#shared/model/line_template.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { logSystems } from "#test/support/log_corpus.ts";
import { writeLogBlocks } from "#test/support/write_log_blocks.ts";
import { createHead } from "../head/head.ts";
import { createSources } from "../query/sources.ts";
import { StoreConfig } from "../blocks/config.ts";
import { openStore } from "../blocks/open_store.ts";
import { PatternCounter } from "./count_patterns.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-patterns-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("PatternCounter counts by level and step, whether lines were taken apart or not", () => {
  const lines = ["user 7 is in", "user 8 is in", "user 9 is in", "door 1 opens"];
  const bodies = lines.map((line) => Buffer.from(line));
  let end = 0;
  const batch = {
    streams: [{}],
    streamOf: new Uint32Array(4),
    timestampsMs: Float64Array.of(1_000, 2_000, 11_000, 12_000),
    nanos: new Uint32Array(4),
    severities: Uint8Array.of(9, 10, 9, 17),
    bodies: new Uint8Array(Buffer.concat(bodies)),
    bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
    mined: {
      templates: [templateOfText("user <0> is in")],
      templateOf: Uint32Array.of(0, unmined, 0, unmined),
      variableLengths: Uint32Array.of(1, 1),
    },
  };
  const counter = new PatternCounter((ms) => Math.floor(ms / 10_000));
  counter.add({ batch, rows: Uint32Array.of(0, 1, 2, 3) });
  const [user, door] = counter.result();
  expect(user).toMatchObject({
    pattern: { text: "user <_> is in" },
    severity: 9,
    total: 3,
    steps: [
      [0, 2],
      [1, 1],
    ],
  });
  expect(door).toMatchObject({ pattern: { text: "door <_> opens" }, severity: 17, total: 1 });
  // The same line by line: nothing is kept between two counters.
  const one = new PatternCounter(() => 0);
  one.add({ batch, rows: Uint32Array.of(3) });
  expect(one.result()).toHaveLength(1);
});

test.skipIf(logSystems().length === 0)(
  "patterns of blocks are counted without their lines as with them (needs ../shared/data/loghub)",
  async () => {
    const store = await openStore(StoreConfig.parse({ compaction: { enabled: false } }), {
      dataDir: folder,
      clock: systemClock,
      log: createLogger("error"),
      metrics: createSelfMetrics(),
    });
    const count = 8_000;
    const endMs = 1_790_000_000_000;
    await writeLogBlocks(store, "t", count, endMs);
    const { logs } = createSources(
      createHead(),
      () => store.view(),
      () => [],
    );
    const counted = async (bodies: boolean) => {
      const counter = new PatternCounter((ms) => Math.floor(ms / 600_000));
      const needs = { bodies, attributes: false, templates: true };
      const times = { startNs: 0n, endNs: BigInt(endMs) * 1_000_000n };
      const direction = "forward" as const;
      const request = { tenant: "t", matchers: [], lineFilters: [], ...times, direction, needs };
      for await (const span of logs.scan(request)) for (const slice of span) counter.add(slice);
      return counter.result();
    };
    const found = await counted(false);
    expect(found.reduce((sum, { total }) => sum + total, 0)).toBe(count);
    expect(found).toEqual(await counted(true));
    expect(found.length).toBeGreaterThan(50);
    await store.close();
  },
);
