import { Database } from "bun:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#shared/runtime/clock.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { testUnprivileged } from "#test/support/unprivileged.ts";
import { createHead } from "../../head/head.ts";
import { MissingBlocks } from "../../read/missing_blocks.ts";
import { sqlRows } from "#proto/columns/sql_rows.ts";
import { createSources, type Sources } from "../../query/sources.ts";
import { createSqlEngine, type SqlEngine } from "../../query/sql.ts";
import { checksumOf } from "../../objects/checksum.ts";
import type { Block, Store } from "../../read/store.ts";
import { cutOf, gauge, lines, openTestStore, sampleTexts } from "../../read/store.fixture.ts";

const dataDir = mkdtempSync(join(tmpdir(), "lapwing-damage-"));
const everything = { tenant: "t", startMs: 0, endMs: 1e15, samplesMax: 1e6 };
const matchers = [{ name: "__name__", op: "=" as const, value: "up" }];
const unmerged = { compaction: { interval: "1d", enabled: false } };
const logged: string[] = [];
let metrics = createSelfMetrics();
let store: Store;
let sources: Sources;
let sql: SqlEngine;
let files: Map<string, Buffer>;

const open = async (config: Record<string, unknown> = unmerged) => {
  metrics = createSelfMetrics();
  const log = createLogger("info", (line) => void logged.push(line));
  store = await openTestStore(dataDir, config, { log, metrics });
  const head = createHead();
  sources = createSources(head, () => store.view(), store.families.bind(store));
  sql = await createSqlEngine(
    {
      timeoutMs: 30_000,
      rowsMax: 1_000,
      resultBytesMax: 2 ** 20,
      runningMax: 1,
      waitingMax: 8,
      memoryBytes: 256 * 2 ** 20,
      threads: 1,
    },
    { store, head, clock: systemClock, metrics, folder: join(dataDir, "sql") },
  );
};
const close = async () => {
  await sql.close();
  await store.close();
};

/** Four commits, a minute apart: two blocks of each signal are whole whatever happens to the second of each. */
beforeAll(async () => {
  await open();
  for (let i = 0; i < 3; i++) {
    const at = 60_000 * (i + 1);
    const up = gauge("up", [at, at + 1], [i, i], { job: `job${i}` });
    const texts = Array.from({ length: 50 }, (_, n) => `line ${n} of block ${i}`);
    await store.commit(
      cutOf({ metrics: [up], logs: lines(`app${i}`, texts, at) }, i + 1),
      () => {},
    );
  }
  files = new Map(store.view().blocks.map((block) => [block.id, readFileSync(pathOf(block))]));
  await close();
});
beforeEach(() => void (logged.length = 0));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const pathOf = ({ key }: Block) => join(dataDir, "blocks", key);

function second(signal: Block["signal"]): Block {
  const [, block] = store.view().blocks.filter((one) => one.signal === signal);
  if (block === undefined) throw new Error("no block");
  return block;
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

/** What a disk, a person or a bug does to a file, and the reason that is given for it. */
const damages: readonly (readonly [
  name: string,
  reason: string,
  damage: (path: string) => void,
])[] = [
  ["missing", "missing", (path) => rmSync(path)],
  ["empty", "size", (path) => truncateSync(path, 0)],
  ["cut in half", "size", (path) => truncateSync(path, readFileSync(path).length >> 1)],
  ["flipped in the first page", "checksum", (path) => flip(path, 24)],
  ["flipped in the middle", "checksum", (path) => flip(path, readFileSync(path).length >> 1)],
  ["flipped in the footer", "checksum", (path) => flip(path, -60)],
  ["zeroed", "checksum", (path) => writeFileSync(path, Buffer.alloc(readFileSync(path).length))],
  [
    "a folder",
    "unreadable",
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
];

function restore(): void {
  for (const block of store.view().blocks) {
    const bytes = files.get(block.id);
    if (bytes === undefined) continue;
    rmSync(pathOf(block), { recursive: true, force: true });
    writeFileSync(pathOf(block), bytes);
  }
}

async function seen() {
  const missing = new MissingBlocks();
  const span = { tenant: "t", startMs: 0, endMs: 1e12, missing };
  const scan = { ...span, matchers: [], lineFilters: [], startNs: 0n, endNs: 10n ** 18n };
  const request = { ...scan, limit: 1_000, direction: "forward" as const };
  return {
    samples: sampleTexts(await sources.metrics.select({ ...everything, matchers, missing })),
    series: (await sources.metrics.series({ ...span, selectors: [matchers] })).length,
    jobs: await sources.metrics.labelValues("job", { ...span, selectors: [] }),
    records: (await sources.logs.select(request)).length,
    found: (
      await sources.logs.select({ ...request, lineFilters: [{ op: "|=", values: ["line 7 "] }] })
    ).map(({ body }) => body),
    apps: await sources.logs.labelValues("app", { ...span, selectors: [] }),
    warnings: missing.warnings(),
  };
}

async function rows(query: string) {
  const { columns, batches, warnings } = await sql.query({ tenant: "t", sql: query });
  const kinds = columns.map(({ kind }) => kind);
  return { rows: batches.flatMap((batch) => sqlRows(kinds, batch)), warnings };
}

const whole = {
  samples: ["up 60000=0 60001=0", "up 120000=1 120001=1", "up 180000=2 180001=2"],
  series: 3,
  jobs: ["job0", "job1", "job2"],
  records: 150,
  found: ["line 7 of block 0", "line 7 of block 1", "line 7 of block 2"],
  apps: ["app0", "app1", "app2"],
  warnings: [] as string[],
};
const left = {
  samples: ["up 60000=0 60001=0", "up 180000=2 180001=2"],
  series: 2,
  jobs: ["job0", "job2"],
  records: 100,
  found: ["line 7 of block 0", "line 7 of block 2"],
  apps: ["app0", "app2"],
};

async function expectIncomplete(
  reason: string,
  [ofMetrics, ofLogs] = [second("metrics"), second("logs")],
): Promise<void> {
  const { warnings, ...answer } = await seen();
  expect(answer).toEqual(left);
  expect(warnings).toEqual([
    expect.stringContaining(
      `incomplete answer: metrics block ${ofMetrics.id} (2 samples, 1970-01-01T00:02:00.000Z to 1970-01-01T00:02:00.001Z) is damaged: `,
    ),
    expect.stringContaining(`incomplete answer: logs block ${ofLogs.id} (50 records, `),
  ]);
  const counted = await rows("SELECT count(*) FROM metrics UNION ALL SELECT count(*) FROM logs");
  expect(counted.rows.join().match(/\d+/g)).toEqual(["4", "100"]);
  expect(counted.warnings).toHaveLength(2);
  const exposed = await metrics.text();
  for (const signal of ["metrics", "logs"])
    expect(exposed).toContain(
      `lapwing_store_damaged_blocks{signal="${signal}",reason="${reason}"} 1`,
    );
  const damage = logged.filter((line) => line.includes("a block is damaged"));
  expect(damage).toHaveLength(2);
}

async function expectLeftOut(reason: string, damage: (path: string) => void): Promise<void> {
  // Decoded before, which must not be mixed with what is left.
  expect(await seen()).toEqual(whole);
  try {
    for (const signal of ["metrics", "logs"] as const) damage(pathOf(second(signal)));
    // A read of the files finds it; from then on nothing of it is answered from memory either.
    await rows("SELECT count(*) FROM metrics UNION ALL SELECT count(*) FROM logs");
    await expectIncomplete(reason);
  } finally {
    restore();
  }
  await store.maintain();
  expect(await seen()).toEqual(whole);
  expect(await metrics.text()).not.toMatch(/lapwing_store_damaged_blocks\{.*\} 1/);
}

describe("a block whose file is damaged while the store is open", () => {
  beforeAll(() => open());
  afterAll(close);

  const title = "is left out, named, counted and logged once, and comes back";
  test.each(damages)(`${title}: %s`, (_name, reason, damage) => expectLeftOut(reason, damage));

  testUnprivileged(import.meta.path, `${title}: not permitted`, () =>
    expectLeftOut("unreadable", (path) => chmodSync(path, 0)),
  );
});

test("a damaged block is found by the first query after a start, whatever it asks", async () => {
  const questions = [
    () => rows("SELECT count(*) FROM logs"),
    () => sources.logs.labelValues("app", { tenant: "t", selectors: [], startMs: 0, endMs: 1e12 }),
    () => seen(),
  ];
  for (const ask of questions) {
    await open();
    try {
      for (const signal of ["metrics", "logs"] as const) flip(pathOf(second(signal)), -60);
      await ask();
      await expectIncomplete("checksum");
    } finally {
      restore();
      await close();
      logged.length = 0;
    }
  }
});

test.each([
  ["without a checksum", () => null],
  // As a rebuild over a damaged file, or a writer with a fault, would leave it.
  ["whose checksum is that of the damaged file", checksumOf],
] as const)(
  "a block %s that does not decode is found by the failure of its read",
  async (_name, checksumBy) => {
    const catalog = new Database(join(dataDir, "catalog.db"));
    const saved = catalog.query("SELECT id, checksum FROM blocks").values();
    for (const signal of ["metrics", "logs"] as const) {
      const [row] = catalog
        .query<{ id: string; key: string }, [string]>(
          "SELECT id, key FROM blocks WHERE signal = ? ORDER BY created_ms, id LIMIT 1 OFFSET 1",
        )
        .all(signal);
      const path = join(dataDir, "blocks", row?.key ?? "");
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.fill(0x55, 4, bytes.length - 4));
      const known = await checksumBy(path);
      catalog.run("UPDATE blocks SET checksum = ? WHERE id = ?", [known, row?.id ?? ""]);
    }
    catalog.close();
    await open();
    try {
      await expectIncomplete("content");
      // Nothing has changed: it stays left out.
      await store.maintain();
      await expectIncomplete("content");
    } finally {
      restore();
      await close();
      const again = new Database(join(dataDir, "catalog.db"));
      for (const [id, checksum] of saved)
        again.run("UPDATE blocks SET checksum = ? WHERE id = ?", [String(checksum), String(id)]);
      again.close();
    }
  },
);

test("maintenance merges the blocks beside a damaged one, and that one once it is repaired", async () => {
  const compaction = { interval: "1d", blocks_max: 1 };
  await open({ compaction });
  try {
    for (const signal of ["metrics", "logs"] as const) flip(pathOf(second(signal)), -60);
    const bad: [Block, Block] = [second("metrics"), second("logs")];
    await store.maintain();
    const { blocks } = store.view();
    expect(blocks).toHaveLength(4);
    for (const { id } of bad) expect(blocks.map((block) => block.id)).toContain(id);
    await expectIncomplete("checksum", bad);
    // Nothing of it is gone: the catalog still has it, its file still lies there.
    restore();
    await store.maintain();
    expect(await seen()).toEqual(whole);
    expect(store.view().blocks).toHaveLength(2);
  } finally {
    await close();
  }
});
