import { join } from "node:path";
import { type ConfigFlags, loadConfig } from "#shared/runtime/config/config_file.ts";
import { createPrivateFiles } from "#shared/runtime/process/private_folder.ts";
import { AggregatorFile } from "../aggregator_file.ts";
import { type StorageTools, withStorage } from "../../tools/storage_tools.ts";

/** Catalog and blocks of a configuration, for one command; "write" has them alone. */
export async function within<Result>(
  flags: ConfigFlags,
  mode: "read" | "write",
  action: (tools: StorageTools) => Promise<Result>,
): Promise<Result> {
  // The catalog and the blocks that it makes. What an export writes is the user's.
  if (mode === "write") createPrivateFiles();
  const { storage, data_dir: dataDir } = await loadConfig(AggregatorFile, flags);
  return withStorage(storage, join(dataDir, "aggregator"), mode, action);
}
