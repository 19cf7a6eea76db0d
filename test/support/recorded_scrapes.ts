import { existsSync } from "node:fs";
import { join } from "node:path";

/** What a node_exporter answered, and when. */
export type RecordedScrape = { readonly timestampMs: number; readonly text: string };

const tarBlockBytes = 512;

/** Folder of recorded material; tests and benchmarks say so and do without where it is absent. */
export const sharedFolder =
  process.env["LAPWING_SHARED"] ?? join(import.meta.dir, "../../../shared");

/** The recorded scrapes of one host, 5 s apart, in order of time; empty where the recording is absent. */
export async function recordedScrapes(): Promise<RecordedScrape[]> {
  const path = join(sharedFolder, "data/node-exporter.tar.zst");
  if (!existsSync(path)) return [];
  const tar = Bun.zstdDecompressSync(new Uint8Array(await Bun.file(path).arrayBuffer()));
  const scrapes: RecordedScrape[] = [];
  for (let at = 0; at + tarBlockBytes <= tar.length;) {
    const name = textAt(tar, at, 100);
    const size = Number.parseInt(textAt(tar, at + 124, 12), 8) || 0;
    const start = at + tarBlockBytes;
    const time = /(\d+)\.prom$/.exec(name)?.[1];
    if (time !== undefined)
      scrapes.push({ timestampMs: Number(time), text: tar.toString("utf8", start, start + size) });
    at = start + Math.ceil(size / tarBlockBytes) * tarBlockBytes;
  }
  return scrapes.toSorted((a, b) => a.timestampMs - b.timestampMs);
}

/** Those 15 s apart: what an agent sees at its default interval. */
export async function recordedScrapesAt15s(): Promise<RecordedScrape[]> {
  return (await recordedScrapes()).filter((_, i) => i % 3 === 0);
}

function textAt(bytes: Buffer, start: number, length: number): string {
  return bytes.toString("latin1", start, start + length).replace(/\0.*$/s, "");
}
