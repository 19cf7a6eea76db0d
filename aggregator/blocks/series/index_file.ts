import { rename, rm } from "node:fs/promises";
import { z } from "zod";
import { isTurnOver, nextRound } from "#shared/async/turns.ts";
import { KnownSeries, type StoredSeries } from "./known_series.ts";

/** What an index of series holds of a tenant. */
export type StoredTenant = {
  readonly tenant: string;
  readonly known: KnownSeries;
  readonly sets: ReadonlyMap<string, Uint32Array>;
};

/**
 * The file is a copy of what blocks say, to spare a start reading them: whatever is wrong with it, it is left aside. Parts one after another, each with its
 * length before it: a head (JSON), then of each tenant texts (lists in JSON), pairs, ends, and the sets of blocks. Last the checksum (xxHash64) of each part's checksum.
 */
const formatVersion = 1;
const textsInPart = 4_096;

const Head = z.object({
  version: z.literal(formatVersion),
  tenants: z.array(
    z.object({
      tenant: z.string(),
      textParts: z.number().int().min(0),
      /** The blocks of each set. */
      sets: z.array(z.array(z.string())),
    }),
  ),
});
const Texts = z.array(z.string());

/** Writes beside the file, then puts it in its place. */
export async function writeIndexFile(
  path: string,
  tenants: readonly StoredTenant[],
): Promise<void> {
  const whole = tenants.map(({ tenant, known, sets }) => {
    const blocksOf = Map.groupBy(sets.keys(), (id) => sets.get(id) ?? new Uint32Array());
    return { tenant, stored: known.stored(), blocksOf };
  });
  const partial = `${path}.partial`;
  await rm(partial, { force: true });
  try {
    await writeParts(partial, whole);
    await rename(partial, path);
  } catch (thrown) {
    await rm(partial, { force: true });
    throw thrown;
  }
}

type Whole = {
  readonly tenant: string;
  readonly stored: StoredSeries;
  readonly blocksOf: ReadonlyMap<Uint32Array, string[]>;
};

async function writeParts(path: string, whole: readonly Whole[]): Promise<void> {
  const writer = new PartWriter(Bun.file(path).writer({ highWaterMark: 2 ** 20 }));
  await writer.json({
    version: formatVersion,
    tenants: whole.map(({ tenant, stored, blocksOf }) => ({
      tenant,
      textParts: Math.ceil(stored.texts.length / textsInPart),
      sets: [...blocksOf.values()],
    })),
  });
  for (const { stored, blocksOf } of whole) {
    for (let at = 0; at < stored.texts.length; at += textsInPart)
      await writer.json(stored.texts.slice(at, at + textsInPart));
    await writer.numbers(stored.pairs);
    await writer.numbers(stored.ends);
    for (const set of blocksOf.keys()) await writer.numbers(set);
  }
  await writer.end();
}

/** Undefined where there is no file, or it is not whole. */
export async function readIndexFile(path: string): Promise<StoredTenant[] | undefined> {
  try {
    const reader = new PartReader(await Bun.file(path).bytes());
    const head = Head.parse(reader.json());
    const tenants: StoredTenant[] = [];
    for (const { tenant, textParts, sets } of head.tenants) {
      const texts: string[] = [];
      for (let part = 0; part < textParts; part++) {
        for (const text of Texts.parse(reader.json())) texts.push(text);
        if (isTurnOver()) await nextRound();
      }
      const [pairs, ends] = [reader.numbers(), reader.numbers()];
      const known = await KnownSeries.from({ texts, pairs, ends });
      const stored = new Map<string, Uint32Array>();
      for (const blocks of sets) {
        const set = reader.numbers();
        for (const id of blocks) stored.set(id, set);
      }
      tenants.push({ tenant, known, sets: stored });
    }
    return reader.isWhole() ? tenants : undefined;
  } catch {
    // It is read from the blocks instead.
    return undefined;
  }
}

class PartWriter {
  readonly #sink: Bun.FileSink;
  #checksum = 0n;

  constructor(sink: Bun.FileSink) {
    this.#sink = sink;
  }

  json(value: unknown): Promise<void> {
    return this.#part(new TextEncoder().encode(JSON.stringify(value)));
  }

  numbers(numbers: Uint32Array): Promise<void> {
    return this.#part(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  }

  async end(): Promise<void> {
    void this.#sink.write(BigUint64Array.of(this.#checksum));
    await this.#sink.end();
  }

  async #part(bytes: Uint8Array): Promise<void> {
    this.#checksum = Bun.hash.xxHash64(bytes, this.#checksum);
    void this.#sink.write(BigUint64Array.of(BigInt(bytes.length)));
    void this.#sink.write(bytes);
    await this.#sink.flush();
    if (isTurnOver()) await nextRound();
  }
}

class PartReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #checksum = 0n;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  json(): unknown {
    return JSON.parse(new TextDecoder().decode(this.#part()));
  }

  numbers(): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#part().slice().buffer);
  }

  /** Whether every byte was read, and is as it was written. */
  isWhole(): boolean {
    return (
      this.#at + 8 === this.#bytes.length &&
      this.#view.getBigUint64(this.#at, true) === this.#checksum
    );
  }

  #part(): Uint8Array {
    const length = Number(this.#view.getBigUint64(this.#at, true));
    const from = this.#at + 8;
    if (from + length > this.#bytes.length) throw new RangeError("a part is cut short");
    this.#at = from + length;
    const part = this.#bytes.subarray(from, this.#at);
    this.#checksum = Bun.hash.xxHash64(part, this.#checksum);
    return part;
  }
}
