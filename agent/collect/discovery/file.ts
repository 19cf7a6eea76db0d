import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { YAML } from "bun";
import { z } from "zod";
import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { duration } from "#shared/text/duration.ts";
import { type TargetGroup, defineDiscovery } from "./discovery.ts";
import { TargetList, groupOf } from "./target_list.ts";

const targetFile = z.lazy(() =>
  z
    .string()
    .regex(/\.(?:json|yml|yaml)$/, "expected a file name that ends in .json, .yml or .yaml")
    .refine((text) => !/[*?[]/.test(dirname(text)), "only the last part may be a pattern"),
);

export const FileSdConfig = z.lazy(() =>
  z.strictObject({
    files: z.array(targetFile).min(1),
    refresh_interval: duration.refine((ms) => ms > 0, "must be above 0").prefault("5m"),
  }),
);

/** Files of one pattern beyond this are not read, and a file beyond this size is bad content. */
const filesMax = 1_000;
const fileBytesMax = 16 * 1024 ** 2;
/** Editors and config management write a file in several steps; one reading follows them all. */
const settleMs = 50;

/** Targets in files that others write. Watched, and read again at an interval for file systems that don't tell. */
export const fileDiscovery = defineDiscovery({
  type: "file",
  config: FileSdConfig,
  async run(config, { clock, log, signal, update }) {
    const known = new Map<string, readonly TargetGroup[]>();
    const alarm = new Alarm();
    const watchers = new Map<string, FSWatcher>();
    try {
      while (!signal.aborted) {
        // Watched before they are read: a change in between rings, too.
        for (const pattern of config.files) watchFolder(dirname(pattern), watchers, alarm, log);
        alarm.reset();
        await readAll(config.files, known, log);
        update([...known.values()].flat());
        await clock.sleep(config.refresh_interval, AbortSignal.any([signal, alarm.signal]));
        if (alarm.signal.aborted) await clock.sleep(settleMs, signal);
      }
    } finally {
      for (const watcher of watchers.values()) watcher.close();
    }
  },
});

/** A signal that can be set again. */
class Alarm {
  #controller = new AbortController();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  ring(): void {
    this.#controller.abort();
  }

  reset(): void {
    if (this.signal.aborted) this.#controller = new AbortController();
  }
}

function watchFolder(
  folder: string,
  watchers: Map<string, FSWatcher>,
  alarm: Alarm,
  log: Logger,
): void {
  if (watchers.has(folder)) return;
  try {
    const watcher = watch(folder, () => alarm.ring());
    watcher.on("error", () => {
      watcher.close();
      watchers.delete(folder);
    });
    watchers.set(folder, watcher);
  } catch (thrown) {
    // The folder may come later; until then the interval finds what is new.
    log.warn("can't watch the folder of a discovery file", { folder, error: messageOf(thrown) });
  }
}

/** Brings `known` up to date: files that are gone are forgotten, bad content leaves what was read before. */
async function readAll(
  patterns: readonly string[],
  known: Map<string, readonly TargetGroup[]>,
  log: Logger,
): Promise<void> {
  const found = new Set<string>();
  for (const pattern of patterns) {
    for (const file of await filesOf(pattern)) found.add(file);
  }
  for (const file of known.keys()) if (!found.has(file)) known.delete(file);
  for (const file of found) {
    try {
      known.set(file, await readTargets(file));
    } catch (thrown) {
      log.warn("discovery file is bad, its last content stays", {
        file,
        error: messageOf(thrown),
      });
    }
  }
}

async function filesOf(pattern: string): Promise<string[]> {
  const folder = dirname(pattern);
  const glob = new Bun.Glob(basename(pattern));
  try {
    const names = await Array.fromAsync(glob.scan({ cwd: folder, dot: true, onlyFiles: false }));
    const prefix = pattern.startsWith("./") || pattern.includes("/") ? `${folder}/` : "";
    return names
      .toSorted()
      .slice(0, filesMax)
      .map((name) => `${prefix.replace(/^\/\/$/, "/")}${name}`);
  } catch {
    // No such folder: no files.
    return [];
  }
}

async function readTargets(path: string): Promise<TargetGroup[]> {
  const file = Bun.file(path);
  if (file.size > fileBytesMax) {
    throw new OperatingError("bad_request", `file is larger than ${fileBytesMax} bytes`);
  }
  const text = await file.text();
  const content: unknown = path.endsWith(".json") ? JSON.parse(text) : YAML.parse(text);
  const list = TargetList.safeParse(content ?? []);
  if (!list.success) throw new OperatingError("bad_request", z.prettifyError(list.error));
  return list.data.map((entry) => groupOf(entry, { __meta_filepath: path }));
}
