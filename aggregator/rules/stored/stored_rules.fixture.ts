import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "#shared/runtime/log.ts";
import { Catalog } from "../../catalog/catalog.ts";
import { StoredRules } from "./stored_rules.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-stored-rules-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
let catalogs = 0;

/** The file of a catalog that nothing uses yet. */
export function newCatalogFile(): string {
  return join(folder, `catalog_${catalogs++}.db`);
}

/** Stored rules over a catalog of their own. */
export async function openStoredRules(catalogFile = newCatalogFile()): Promise<StoredRules> {
  const catalog = await Catalog.open(`sqlite://${catalogFile}`);
  return StoredRules.open({ catalog, tenant: "default", log: silentLogger, now: Date.now });
}
