import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { systemClock } from "#shared/runtime/clock.ts";
import { createHead } from "../head/head.ts";
import { createSources, type Sources } from "../query/sources.ts";
import { createBlockView } from "../blocks/view/block_view.ts";
import { writeMetricsFile } from "../blocks/block_writer.ts";
import { cutMetricsOf } from "../read/cut_metrics.ts";
import { DecodedCache } from "../blocks/file/decoded_cache.ts";
import { DeletedCopies } from "../blocks/deletion/deleted_copies.ts";
import type { SampleTools } from "../blocks/deps.ts";
import { DiskCache } from "../objects/disk_cache.ts";
import { BlockGuard } from "../blocks/integrity/block_guard.ts";
import { KnownTexts } from "../blocks/file/labels_text.ts";
import { LogsCache } from "../blocks/logs/log_file.ts";
import { fileObjectStore } from "../objects/object_store_file.ts";
import type { Block } from "../read/store.ts";
import { sampleSeries } from "./sample_series.ts";
import { SeriesIndex } from "../blocks/series/series_index.ts";

export const tenant = "warm-up";
const machines = 3;
const stepMs = 15_000;
/** Several small ones: what counts is how often something is called, and that series are joined out of blocks. */
const blocks = 4;
const scrapesPerBlock = 60;

/** Unix milliseconds, when the samples were; any time will do. */
export const fromMs = Date.UTC(2020, 0, 1);
export const untilMs = fromMs + blocks * scrapesPerBlock * stepMs;

/**
 * Invented series in blocks that our own writer has written to a folder that every start empties, and what reads them. Nothing of what was read
 * is kept, so that each query reads anew.
 */
export class SampleStore {
  readonly sources: Sources;
  readonly #folder: string;

  /** Throws OperatingError where the folder cannot be written to. */
  static async open({ staging, writer }: SampleTools): Promise<SampleStore> {
    const folder = join(staging, "warm_up");
    try {
      await mkdir(folder, { recursive: true });
      const files = await DiskCache.open(fileObjectStore(folder), join(folder, "cache"), 0);
      const texts = new KnownTexts();
      const tools = {
        duckdb: writer,
        files,
        guard: new BlockGuard({ files, clock: systemClock }),
        decoded: new DecodedCache<never>(0),
        labels: new DecodedCache<never>(0),
        buckets: new DecodedCache<never>(0),
        series: new SeriesIndex(0),
        logs: new LogsCache(0),
        texts,
        copies: new DeletedCopies(writer, folder, texts),
      };
      const written = await writeBlocks({ staging: folder, writer });
      const view = () => createBlockView(tools, written);
      const sources = createSources(createHead(), view, () => []);
      return new SampleStore(folder, sources);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(folder: string, sources: Sources) {
    this.#folder = folder;
    this.sources = sources;
  }

  close(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

async function writeBlocks({ staging, writer }: SampleTools): Promise<Block[]> {
  const written: Block[] = [];
  for (let i = 0; i < blocks; i++) {
    const firstMs = fromMs + i * scrapesPerBlock * stepMs;
    const series = sampleSeries({ firstMs, stepMs, count: scrapesPerBlock }, machines);
    const file = await writeMetricsFile(writer, staging, cutMetricsOf(series));
    const { path, ...rest } = file;
    const key = basename(path);
    written.push({ id: key, tenant, signal: "metrics", key, ...rest, createdMs: 0 });
  }
  return written;
}
