import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Catalog } from "../../catalog/catalog.ts";
import { count } from "../../catalog/catalog_count.ts";
import { messageOf } from "#shared/errors.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";

/** Services fetch a picture soon after the message, and keep it themselves. */
const keptMs = 24 * 3_600_000;
/** Of all pictures together: in the catalog they are a third larger. */
const [chartsMax, bytesMax] = [200, 16 * 1_024 ** 2];
const idBytes = 32;

/** The path of a chart begins with it. */
export const chartsPath = "/api/v1/monitoring/charts";

type Parts = {
  readonly catalog: Pick<Catalog, "fenced" | "transaction">;
  readonly tenant: string;
  readonly now: () => number;
  readonly externalUrl: () => string;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
};
type Published = {
  readonly bytes: number;
  readonly untilMs: number;
  /** While the catalog does not have it. */
  png: Uint8Array | undefined;
};

const Row = z.object({ id: z.string(), bytes: count, until_ms: count });
const PngRow = z.object({ png: z.string() });

/**
 * Charts for services that take the address of a picture alone: for a day, under addresses that can't be guessed. They are in the catalog, the
 * newest 200 and 16 MiB; what goes before its day is over is counted.
 */
export class PublishedCharts {
  readonly #parts: Parts;
  /** The oldest first. */
  readonly #charts: Map<string, Published>;
  readonly #countDropped: () => void;
  #saving: Promise<void> = Promise.resolve();

  static async open(parts: Parts): Promise<PublishedCharts> {
    const { catalog, tenant } = parts;
    const rows = await catalog.transaction(
      "read published charts",
      (sql) => sql`SELECT id, bytes, until_ms FROM published_charts
        WHERE tenant = ${tenant} ORDER BY until_ms, id`,
    );
    const charts = z
      .array(Row)
      .parse([...rows])
      .map(({ id, bytes, until_ms }): [string, Published] => {
        return [id, { bytes, untilMs: until_ms, png: undefined }];
      });
    return new PublishedCharts(parts, new Map(charts));
  }

  private constructor(parts: Parts, charts: Map<string, Published>) {
    this.#parts = parts;
    this.#charts = charts;
    const dropped = parts.metrics.counter(
      "lapwing_alertmanager_published_charts_dropped_total",
      "Charts that were deleted before their day was over, because there were too many.",
    );
    this.#countDropped = () => dropped.inc();
  }

  /** The address of a picture, or undefined where this server has no address. It outlives a restart once settled() resolves. */
  publish(png: Uint8Array): string | undefined {
    const { externalUrl, now } = this.#parts;
    const address = externalUrl();
    if (address === "") return undefined;
    const id = randomBytes(idBytes).toString("base64url");
    const chart: Published = { bytes: png.length, untilMs: now() + keptMs, png };
    this.#charts.set(id, chart);
    const gone = this.#trim();
    this.#saving = this.#saving.then(() => this.#save(id, chart, gone));
    return `${address}${chartsPath}/${id}.png`;
  }

  /** Resolves when what was published so far is written. Never rejects. */
  settled(): Promise<void> {
    return this.#saving;
  }

  /** undefined where there is none, or its time is over. */
  async find(id: string): Promise<Uint8Array | undefined> {
    const { catalog, tenant, now } = this.#parts;
    const found = this.#charts.get(id);
    if (found === undefined || found.untilMs <= now()) return undefined;
    if (found.png !== undefined) return found.png;
    const rows = await catalog.transaction(
      "read a published chart",
      (sql) => sql`SELECT png FROM published_charts WHERE tenant = ${tenant} AND id = ${id}`,
    );
    const [row] = z.array(PngRow).parse([...rows]);
    return row === undefined ? undefined : Buffer.from(row.png, "base64");
  }

  /** Forgets what is over, and the oldest of too many. Gives their ids. */
  #trim(): string[] {
    const nowMs = this.#parts.now();
    let bytes = 0;
    for (const chart of this.#charts.values()) bytes += chart.bytes;
    const gone: string[] = [];
    for (const [id, chart] of this.#charts) {
      const isOver = chart.untilMs <= nowMs;
      if (!isOver && this.#charts.size <= chartsMax && bytes <= bytesMax) break;
      if (!isOver) this.#countDropped();
      this.#charts.delete(id);
      chart.png = undefined;
      bytes -= chart.bytes;
      gone.push(id);
    }
    return gone;
  }

  /** A picture that can't be written stays in memory. */
  async #save(id: string, chart: Published, gone: readonly string[]): Promise<void> {
    const { catalog, tenant, log } = this.#parts;
    const { png, bytes, untilMs } = chart;
    // It may have gone while it waited.
    if (png === undefined && gone.length === 0) return;
    try {
      await catalog.fenced("save a published chart", async (sql) => {
        for (const one of gone)
          await sql`DELETE FROM published_charts WHERE tenant = ${tenant} AND id = ${one}`;
        if (png === undefined) return;
        await sql`INSERT INTO published_charts (tenant, id, bytes, until_ms, png)
          VALUES (${tenant}, ${id}, ${bytes}, ${untilMs}, ${Buffer.from(png).toString("base64")})`;
      });
      chart.png = undefined;
    } catch (thrown) {
      log.warn("a published chart is not kept over a restart", { error: messageOf(thrown) });
    }
  }
}
