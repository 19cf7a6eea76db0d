import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { StoreConfig } from "#aggregator/blocks/config.ts";
import { exportLogs } from "#aggregator/tools/export_logs.ts";
import { exportMetrics } from "#aggregator/tools/export_metrics.ts";
import { rebuildCatalog } from "#aggregator/tools/rebuild_catalog.ts";
import { type StorageTools, withStorage } from "#aggregator/tools/storage_tools.ts";
import type { ScrapeRow } from "./scrape_rows.ts";
import type { Stores } from "./stores.ts";

/** What a block held whose file was damaged for good, read while it was whole. */
export type LostBlock = {
  readonly id: string;
  readonly signal: "metrics" | "logs";
  readonly items: number;
  /** Bodies of its log records. */
  readonly lines: readonly string[];
  /** Values of `chaos_number` by exporter. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
  /** By target, as scrapeRows() has them of the blocks that are there. */
  readonly scrapes: ReadonlyMap<string, readonly ScrapeRow[]>;
};

const Row = z.object({
  id: z.string(),
  tenant: z.string(),
  signal: z.enum(["metrics", "logs"]),
  key: z.string(),
  items: z.coerce.number(),
  min_ms: z.coerce.number(),
});
type Row = z.infer<typeof Row>;

/** What a disk, a person or a bug does to a file. */
const damages: readonly ((path: string) => void)[] = [
  (path) => {
    const bytes = readFileSync(path);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    writeFileSync(path, bytes);
  },
  (path) => truncateSync(path, readFileSync(path).length >> 1),
  (path) => writeFileSync(path, Buffer.alloc(readFileSync(path).length)),
  (path) => rmSync(path),
];

/** Damages the file of a block in `folder` for good; gives what it held, or undefined where none can be had. Old days are spared: their sums are asked for. */
export async function damageBlock(
  stores: Stores,
  folder: string,
  random: () => number,
): Promise<LostBlock | undefined> {
  const rows = z
    .array(Row)
    .parse(await stores.catalog("SELECT * FROM blocks WHERE bucket_ms = 0 AND tiered = '[]'"))
    // At random, those with more items sooner.
    .map((row) => ({ row, order: random() ** (1 / row.items) }))
    .toSorted((a, b) => b.order - a.order);
  const damage = damages[Math.floor(random() * damages.length)];
  for (const { row } of rows) {
    const path = join(folder, row.key);
    const lost = await contentOf(row, path);
    if (lost === undefined || damage === undefined) continue;
    try {
      damage(path);
    } catch (thrown) {
      if (isGone(thrown)) continue;
      throw thrown;
    }
    return lost;
  }
  return undefined;
}

/** Of a copy, in a storage of its own; undefined where the block was merged away in this moment, is of an old day, or holds nothing that is numbered. */
async function contentOf({ id, tenant, signal, key, items }: Row, path: string) {
  const dataDir = mkdtempSync(join(tmpdir(), "lapwing-chaos-block-"));
  const copy = join(dataDir, "blocks", key);
  mkdirSync(dirname(copy), { recursive: true });
  try {
    copyFileSync(path, copy);
    const output = join(dataDir, "export");
    const of = { tenant, startMs: 0, endMs: Number.MAX_SAFE_INTEGER, output };
    await withStorage(StoreConfig.parse({}), dataDir, "write", async (tools: StorageTools) => {
      await rebuildCatalog(tools);
      if (signal === "logs")
        await exportLogs(tools, { ...of, matchers: [], lineFilters: [], format: "jsonl" });
      else await exportMetrics(tools, { ...of, selectors: [], format: "openmetrics" });
    });
    const lines = readFileSync(output, "utf8").split("\n");
    if (lines.some((line) => line.startsWith("chaos_old{"))) return undefined;
    const none: Pick<LostBlock, "lines" | "numbers" | "scrapes"> = {
      lines: [],
      numbers: new Map(),
      scrapes: new Map(),
    };
    const held = signal === "logs" ? { ...none, lines: bodiesOf(lines) } : samplesOf(lines, none);
    if (held.lines.length === 0 && held.numbers.size === 0) return undefined;
    return { id, signal, items, ...held };
  } catch (thrown) {
    if (isGone(thrown)) return undefined;
    throw thrown;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function bodiesOf(lines: readonly string[]): string[] {
  const Line = z.object({ body: z.string() });
  return lines.filter((line) => line !== "").map((line) => Line.parse(JSON.parse(line)).body);
}

/** Of OpenMetrics text. */
function samplesOf(
  lines: readonly string[],
  none: Pick<LostBlock, "lines" | "numbers" | "scrapes">,
) {
  const numbers = new Map<string, number[]>();
  const scrapes = new Map<string, Map<number, { isUp: boolean; durationMs: number }>>();
  for (const line of lines) {
    const [, name = "", labels = "", value, seconds] =
      /^([a-z_]+)\{(.*)\} (\S+) (\d+\.\d+)$/.exec(line) ?? [];
    const label = (which: string) => new RegExp(`${which}="([^"]*)"`).exec(labels)?.[1] ?? "";
    if (name === "chaos_number") {
      const own = numbers.get(label("exporter")) ?? [];
      numbers.set(label("exporter"), [...own, Number(value)]);
    }
    if (name !== "up" && name !== "scrape_duration_seconds") continue;
    const rows = scrapes.get(label("instance")) ?? new Map();
    scrapes.set(label("instance"), rows);
    const atMs = Math.round(Number(seconds) * 1_000);
    const row = rows.get(atMs) ?? { isUp: false, durationMs: 0 };
    if (name === "up") row.isUp = Number(value) === 1;
    else row.durationMs = 1_000 * Number(value);
    rows.set(atMs, row);
  }
  return {
    ...none,
    numbers,
    scrapes: new Map(Array.from(scrapes, ([target, rows]) => [target, rowsOf(rows)])),
  };
}

function rowsOf(
  rows: ReadonlyMap<number, { readonly isUp: boolean; readonly durationMs: number }>,
): ScrapeRow[] {
  return Array.from(rows, ([atMs, row]) => ({ atMs, ...row }));
}

function isGone(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
}
