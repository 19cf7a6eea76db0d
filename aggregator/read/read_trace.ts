import type { Matcher } from "#shared/model/labels.ts";

/** What the trace has of a block; `bucketMs` of a tier's. */
export type TracedBlock = {
  readonly id: string;
  readonly key: string;
  readonly bytes: number;
  readonly items: number;
  readonly bucketMs?: number;
};

/** What one selector of a query has read, recorded by the readers. Made only when tracing is on. */
export class ReadTrace {
  readonly matchers: readonly Matcher[];
  /** Unix milliseconds of what was asked for. */
  readonly startMs: number;
  readonly endMs: number;
  readonly #wanted = new Map<string, TracedBlock>();
  readonly #opened = new Map<string, { readonly block: TracedBlock; readonly isLocal: boolean }>();
  /** Of all blocks of the tenant, also those of other times. */
  blocksVisible = 0;
  rowGroups = 0;
  /** Of the head. */
  headSeries = 0;
  headSamples = 0;
  /** What came out of it. */
  series = 0;
  samples = 0;
  milliseconds = 0;

  constructor(matchers: readonly Matcher[], startMs: number, endMs: number) {
    this.matchers = matchers;
    this.startMs = startMs;
    this.endMs = endMs;
  }

  /** The blocks whose time is asked for. */
  wants(blocks: readonly TracedBlock[]): void {
    for (const block of blocks) this.#wanted.set(block.id, block);
  }

  /** Their files are read, a bucket's after a download where `isLocal` is false; the other blocks were decoded already. */
  opens(blocks: readonly TracedBlock[], isLocal: (block: TracedBlock) => boolean): void {
    for (const block of blocks) {
      this.#wanted.set(block.id, block);
      if (!this.#opened.has(block.id))
        this.#opened.set(block.id, { block, isLocal: isLocal(block) });
    }
  }

  get blocks(): readonly TracedBlock[] {
    return [...this.#wanted.values()];
  }

  /** Sums over blocks of one resolution, 0 for samples as they came; finer ones first. */
  byResolution() {
    const groups = Map.groupBy(this.#wanted.values(), ({ bucketMs = 0 }) => bucketMs);
    return [...groups]
      .map(([bucketMs, blocks]) => {
        const opened = blocks.flatMap(({ id }) => this.#opened.get(id) ?? []);
        return {
          bucketMs,
          blocks: blocks.length,
          opened: opened.length,
          /** Decoded before, and kept in memory. */
          fromMemory: blocks.length - opened.length,
          /** Sizes of the files that were opened: an upper bound of what was read of them. */
          fileBytes: bytesOf(opened.map(({ block }) => block)),
          downloadedBytes: bytesOf(
            opened.filter(({ isLocal }) => !isLocal).map(({ block }) => block),
          ),
        };
      })
      .toSorted((a, b) => a.bucketMs - b.bucketMs);
  }
}

function bytesOf(blocks: readonly TracedBlock[]): number {
  return blocks.reduce((sum, { bytes }) => sum + bytes, 0);
}
