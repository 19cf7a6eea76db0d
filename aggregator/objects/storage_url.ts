import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that blocks go to, by `storage.url`; undefined for a bucket. */
export function blocksFolder(url: string, dataDir: string): string | undefined {
  if (url.startsWith("s3://")) return undefined;
  if (url === "") return join(dataDir, "blocks");
  return resolve(url.startsWith("file://") ? fileURLToPath(url) : url);
}

/** Where blocks go, as people may read it: no keys are in it. */
export function storageUrl(url: string, dataDir: string): string {
  const folder = blocksFolder(url, dataDir);
  return folder === undefined ? url : `file://${folder}`;
}
