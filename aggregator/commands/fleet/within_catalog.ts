import { mkdir } from "node:fs/promises";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config/config_file.ts";
import { AggregatorFile } from "../aggregator_file.ts";
import type { AggregatorConfig } from "../../config/config.ts";
import { Catalog } from "../../catalog/catalog.ts";
import { holdCatalog } from "../../catalog/holds/catalog_hold.ts";
import { catalogUrl } from "../../blocks/open_store.ts";

/** Works on the catalog of a configuration, beside an aggregator that runs. Throws ConfigError and OperatingError. */
export async function withinCatalog<Result>(
  flags: ConfigFlags,
  action: (catalog: Catalog, config: AggregatorConfig) => Promise<Result>,
): Promise<Result> {
  const config = await loadConfig(AggregatorFile, flags);
  const folder = resolve(join(config.data_dir, "aggregator"));
  const url = catalogUrl(config.storage, folder);
  await mkdir(folder, { recursive: true });
  const hold = await holdCatalog(url, "shared");
  try {
    const catalog = await Catalog.open(url);
    try {
      return await action(catalog, config);
    } finally {
      await catalog.close();
    }
  } finally {
    await hold.release();
  }
}

/** Who does it, for the audit: whoever runs the command. */
export function by() {
  return { actor: `${userInfo().username} (command line)`, nowMs: Date.now() };
}
