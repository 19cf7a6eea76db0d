import { type BuiltInSignal, type Signal, signalOf } from "#shared/signals.ts";

/** A block that a query could not read. */
export type MissingBlock = {
  readonly id: string;
  readonly signal: Signal;
  /** Samples, buckets or records. */
  readonly items: number;
  /** Unix milliseconds of its first and last item. */
  readonly minMs: number;
  readonly maxMs: number;
  readonly bucketMs?: number;
  /** What is wrong with it. */
  readonly fault: string;
};

/** Warnings that name a block; the rest is one warning with their number. */
const namedMax = 5;

/** A part of JSON answers that are incomplete, and absent from others: VictoriaMetrics has it, too. */
export type PartialMark = { readonly isPartial?: true };

/** Collects the blocks that one request left out because they are damaged. An answer with any of them is incomplete. */
export class MissingBlocks {
  readonly #blocks = new Map<string, MissingBlock>();

  add(block: MissingBlock): void {
    this.#blocks.set(block.id, block);
  }

  get isEmpty(): boolean {
    return this.#blocks.size === 0;
  }

  get mark(): PartialMark {
    return this.isEmpty ? {} : { isPartial: true };
  }

  /** One sentence a block, the oldest data first. Empty for a complete answer. */
  warnings(): string[] {
    const all = [...this.#blocks.values()].toSorted((a, b) => a.minMs - b.minMs);
    const texts = all.slice(0, namedMax).map(warningOf);
    const rest = all.slice(namedMax);
    if (rest.length === 0) return texts;
    const items = rest.reduce((sum, block) => sum + block.items, 0);
    return [...texts, `incomplete answer: ${rest.length} more damaged blocks (${items} items)`];
  }
}

function warningOf(block: MissingBlock): string {
  const { id, signal, items, minMs, maxMs, fault } = block;
  const span = `${timeOf(minMs)} to ${timeOf(maxMs)}`;
  return `incomplete answer: ${signal} block ${id} (${items} ${itemsOf(block)}, ${span}) is damaged: ${fault}`;
}

const nouns: Readonly<Record<BuiltInSignal, string>> = { metrics: "samples", logs: "records" };

function itemsOf({ signal, bucketMs }: MissingBlock): string {
  if (bucketMs !== undefined) return "downsampled points";
  const known = signalOf(signal);
  return known === undefined ? "items" : nouns[known];
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
