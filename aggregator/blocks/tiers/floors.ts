import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { TierFloor } from "../../catalog/catalog_writes.ts";
import { storeError } from "../../read/storage_error.ts";
import type { ObjectStore } from "../../objects/object_store.ts";

/**
 * Up to where a tier (bucketMs 0: raw samples) has been dropped: what is not after its floor is read from the next one. Floors are ends
 * of windows, and only rise. Never changed once made.
 */
export class TierFloors {
  static readonly none = new TierFloors([]);
  readonly list: readonly TierFloor[];
  readonly #byTier = new Map<string, number>();

  constructor(list: readonly TierFloor[]) {
    this.list = list;
    for (const { tenant, bucketMs, floorMs } of list)
      this.#byTier.set(keyOf(tenant, bucketMs), floorMs);
  }

  of(tenant: string, bucketMs: number): number {
    return this.#byTier.get(keyOf(tenant, bucketMs)) ?? -Infinity;
  }

  with(changed: readonly TierFloor[]): TierFloors {
    if (changed.length === 0) return this;
    const keys = new Set(changed.map(({ tenant, bucketMs }) => keyOf(tenant, bucketMs)));
    const kept = this.list.filter(({ tenant, bucketMs }) => !keys.has(keyOf(tenant, bucketMs)));
    return new TierFloors([...kept, ...changed]);
  }
}

function keyOf(tenant: string, bucketMs: number): string {
  return `${bucketMs} ${tenant}`;
}

/** Beside the blocks, for a catalog that is lost. */
const floorsKey = "lapwing/tiers.json";

export async function saveFloors(
  objects: ObjectStore,
  staging: string,
  { list }: TierFloors,
): Promise<void> {
  const path = join(staging, `${Bun.randomUUIDv7()}.json`);
  try {
    await writeFile(path, JSON.stringify(list));
  } catch (cause) {
    throw storeError("write the floors of tiers", cause);
  }
  await objects.put(floorsKey, path);
}

/** None where no object is. */
export async function loadFloors(objects: ObjectStore, staging: string): Promise<TierFloors> {
  const path = join(staging, `${Bun.randomUUIDv7()}.json`);
  try {
    await objects.get(floorsKey, path);
    return new TierFloors(Floors.parse(JSON.parse(await readFile(path, "utf8"))));
  } catch (cause) {
    const error = storeError("read the floors of tiers", cause);
    if (error.code === "not_found") return TierFloors.none;
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}

const Floors = z.array(z.object({ tenant: z.string(), bucketMs: z.number(), floorMs: z.number() }));
