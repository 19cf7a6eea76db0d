import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type MetricFamily, metricTypes } from "#shared/model/metrics.ts";
import { storeError } from "../read/storage_error.ts";
import type { ObjectStore } from "./object_store.ts";

/** Types and help texts of metrics, by tenant, as an object beside the blocks: for a catalog that is lost. */
const familiesKey = "lapwing/families.json";

export type FamiliesByTenant = ReadonlyMap<string, readonly MetricFamily[]>;

export async function saveFamilies(
  objects: ObjectStore,
  staging: string,
  families: FamiliesByTenant,
): Promise<void> {
  const path = join(staging, `${Bun.randomUUIDv7()}.json`);
  try {
    await writeFile(path, JSON.stringify(Object.fromEntries(families)));
  } catch (cause) {
    throw storeError("write the families of metrics", cause);
  }
  await objects.put(familiesKey, path);
}

/** Nothing where no object is. */
export async function loadFamilies(
  objects: ObjectStore,
  staging: string,
): Promise<FamiliesByTenant> {
  const path = join(staging, `${Bun.randomUUIDv7()}.json`);
  try {
    await objects.get(familiesKey, path);
    const parsed: unknown = JSON.parse(await readFile(path, "utf8"));
    return new Map(Object.entries(z.record(z.string(), z.array(FamilyRow)).parse(parsed)));
  } catch (cause) {
    const error = storeError("read the families of metrics", cause);
    if (error.code === "not_found") return new Map();
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}

export const FamilyRow = z.object({
  name: z.string(),
  type: z.enum(metricTypes),
  help: z.string(),
  unit: z.string(),
});
