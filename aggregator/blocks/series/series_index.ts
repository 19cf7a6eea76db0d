import { isTurnOver, nextRound, nextTurn } from "#shared/async/turns.ts";
import type { StoredTenant } from "./index_file.ts";
import { CollectedSeries } from "./collected_series.ts";
import { KnownSeries } from "./known_series.ts";

/** From so many numbers on, after so many blocks have gone, it is worth looking whether most of them are in no block any more. */
const [renumberedMin, goneMin] = [65_536, 64];
const betweenLooks = 1_024;

/** A series as a block has it: the metric's name, and the text of the other labels. */
export type SeriesName = { readonly name: string; readonly text: string };

/** Numbers of series, ascending, by block in the order that was asked for; undefined for a block that is not known. */
export type BlockSeries = {
  readonly known: KnownSeries;
  readonly sets: readonly (Uint32Array | undefined)[];
};

type Tenant = {
  known: KnownSeries;
  /** Blocks that hold the same series have the same array, as nearly all do that were written one after another. */
  sets: Map<string, Uint32Array>;
  last: Uint32Array;
  /** Blocks that have gone since numbers were looked through. */
  gone: number;
  isBusy: boolean;
};

/**
 * Which series each block of samples holds, so that queries of labels open no block. It is filled as blocks are written, and otherwise when
 * a query asks for them. It holds `bytesMax`; beyond that it forgets the blocks that were noted first.
 */
export class SeriesIndex {
  readonly #bytesMax: number;
  readonly #tenants = new Map<string, Tenant>();
  #blocks: ReadonlySet<string> = new Set();
  /** Resolves when there is nothing on its way that restore() will be given: worth waiting for before blocks are read. */
  ready: Promise<void> = Promise.resolve();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What it holds, roughly. */
  get bytes(): number {
    let bytes = 0;
    for (const { known, sets } of this.#tenants.values()) {
      bytes += known.bytes;
      for (const set of new Set(sets.values())) bytes += set.byteLength;
    }
    return bytes;
  }

  /** What is known of the blocks now. It stays right, whatever the index does later. */
  of(tenant: string, blocks: readonly { readonly id: string }[]): BlockSeries {
    const own = this.#tenants.get(tenant);
    const known = own?.known ?? new KnownSeries();
    return { known, sets: blocks.map(({ id }) => own?.sets.get(id)) };
  }

  /** Collects the series of a block that is being written, for note(). Undefined where nothing is kept. */
  collect(tenant: string): CollectedSeries | undefined {
    return this.#bytesMax === 0 ? undefined : new CollectedSeries(this.#tenant(tenant).known);
  }

  /** Takes the series of a block. */
  async note(
    tenant: string,
    block: string,
    series: readonly SeriesName[] | CollectedSeries,
  ): Promise<void> {
    if (this.#bytesMax === 0) return;
    const own = this.#tenant(tenant);
    let set: Uint32Array;
    let known: KnownSeries;
    do {
      known = own.known;
      set = await numbersOf(known, series);
      // Others were given meanwhile.
    } while (known !== own.known);
    if (!isSame(set, own.last)) own.last = set;
    own.sets.set(block, own.last);
    if (this.bytes > this.#bytesMax) this.#shrink();
  }

  /** The blocks that there are. Those that were among them the last time, and are no more, are gone; others may come yet. */
  keep(blocks: readonly { readonly id: string }[]): void {
    const before = this.#blocks;
    this.#blocks = new Set(blocks.map(({ id }) => id));
    const gone = [...before].filter((id) => !this.#blocks.has(id));
    for (const tenant of this.#tenants.values()) {
      for (const id of gone) if (tenant.sets.delete(id)) tenant.gone++;
      if (tenant.known.size >= renumberedMin && tenant.gone >= goneMin) void tidy(tenant);
    }
  }

  /** All there is, to be kept. */
  tenants(): StoredTenant[] {
    return Array.from(this.#tenants, ([tenant, { known, sets }]) => {
      return { tenant, known, sets: new Map(sets) };
    });
  }

  /** Takes what was kept, of tenants that nothing is known of yet and of blocks that there are. */
  restore(tenants: readonly StoredTenant[]): void {
    if (this.#bytesMax === 0) return;
    for (const { tenant, known, sets } of tenants) {
      const own = this.#tenant(tenant);
      if (own.known.size > 0) continue;
      own.known = known;
      for (const [id, set] of sets) {
        if (!this.#blocks.has(id)) continue;
        own.sets.set(id, set);
        own.last = set;
      }
    }
    if (this.bytes > this.#bytesMax) this.#shrink();
  }

  forget(block: string): void {
    for (const { sets } of this.#tenants.values()) sets.delete(block);
  }

  #tenant(name: string): Tenant {
    let tenant = this.#tenants.get(name);
    if (tenant === undefined) {
      tenant = {
        known: new KnownSeries(),
        sets: new Map(),
        last: new Uint32Array(),
        gone: 0,
        isBusy: false,
      };
      this.#tenants.set(name, tenant);
    }
    return tenant;
  }

  /** Lets go of the older half of the blocks, of the tenant that holds most. */
  #shrink(): void {
    const all = [...this.#tenants.values()].filter(({ isBusy }) => !isBusy);
    const [largest] = all.toSorted((a, b) => b.known.bytes - a.known.bytes);
    if (largest === undefined) return;
    const gone = [...largest.sets.keys()].slice(0, Math.ceil(largest.sets.size / 2));
    for (const id of gone) largest.sets.delete(id);
    void renumber(largest);
  }
}

async function numbersOf(
  known: KnownSeries,
  series: readonly SeriesName[] | CollectedSeries,
): Promise<Uint32Array> {
  if (series instanceof CollectedSeries) return unique(await series.numbersIn(known));
  const numbers = new Uint32Array(series.length);
  for (const [i, { name, text }] of series.entries()) {
    numbers[i] = known.id(name, text);
    if (i % betweenLooks === 0 && isTurnOver()) await nextRound();
  }
  return unique(numbers);
}

/** A series may have several rows. */
function unique(numbers: Uint32Array): Uint32Array {
  numbers.sort();
  return numbers.filter((number, i) => number !== numbers[i - 1]);
}

function isSame(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((number, i) => number === b[i]);
}

/** Renumbers where most numbers are those of no block. */
async function tidy(tenant: Tenant): Promise<void> {
  if (tenant.isBusy) return;
  tenant.isBusy = true;
  tenant.gone = 0;
  const marks = new Uint8Array(tenant.known.size);
  let used = 0;
  for (const set of new Set(tenant.sets.values())) {
    for (const id of set) {
      used += 1 - (marks[id] ?? 1);
      marks[id] = 1;
    }
    if (isTurnOver()) await nextTurn();
  }
  tenant.isBusy = false;
  if (used < tenant.known.size / 2) await renumber(tenant);
}

/** Numbers the series of all blocks again, in turns with everything else, and then replaces the old numbers. */
async function renumber(tenant: Tenant): Promise<void> {
  if (tenant.isBusy) return;
  tenant.isBusy = true;
  const { known } = tenant;
  const fresh = new KnownSeries();
  const moved = new Map<Uint32Array, Uint32Array>();
  const numbers = new Map<number, number>();
  for (let set = unmoved(tenant, moved); set !== undefined; set = unmoved(tenant, moved)) {
    const ids = new Uint32Array(set.length);
    for (const [i, id] of set.entries()) {
      let number = numbers.get(id);
      if (number === undefined) numbers.set(id, (number = known.copyTo(fresh, id)));
      ids[i] = number;
      if (i % betweenLooks === 0 && isTurnOver()) await nextTurn();
    }
    moved.set(set, ids.toSorted());
  }
  // In the tick in which no other set was found.
  tenant.sets = new Map(Array.from(tenant.sets, ([id, set]) => [id, moved.get(set) ?? set]));
  tenant.last = moved.get(tenant.last) ?? new Uint32Array();
  tenant.known = fresh;
  tenant.isBusy = false;
}

function unmoved(
  { sets }: Tenant,
  moved: ReadonlyMap<Uint32Array, Uint32Array>,
): Uint32Array | undefined {
  for (const set of sets.values()) if (!moved.has(set)) return set;
  return undefined;
}
