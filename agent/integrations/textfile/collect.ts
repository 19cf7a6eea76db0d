import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { type SampleSink, gauge } from "../../collect/samples/family.ts";
import { ExposedBody, ExposedSeries } from "../exposed_series.ts";
import type { OpenInstance, Tick } from "../integration.ts";
import type { TextfileConfig } from "./config.ts";

const modified = gauge("node_textfile_mtime_seconds", "When a file was last written.", ["file"]);
const failed = gauge(
  "node_textfile_scrape_error",
  "1 where a folder or file could not be read in full, else 0.",
);

/** Reasons that are shown of one tick; the rest is counted. */
const reasonsMax = 5;

type KnownFile = {
  /** Modification, size and number of the file that was read. */
  version: string;
  readonly body: ExposedBody;
  problem: string | undefined;
};

/** Files are read again when they have changed; a broken one keeps nobody else back. */
export const openTextfile: OpenInstance<TextfileConfig> = (options) => {
  const series = new ExposedSeries();
  const files = new Map<string, KnownFile>();
  return {
    async collect(sink, tick) {
      series.begin();
      const problems: string[] = [];
      const paths = listFiles(options, problems);
      for (const path of files.keys()) if (!paths.includes(path)) files.delete(path);
      for (const path of paths) {
        const problem = takeFile(path, files, series, sink, options.file_size_max);
        if (problem !== undefined) problems.push(`${path}: ${problem}`);
      }
      sink.add(failed, problems.length > 0 ? 1 : 0);
      tell(tick, problems);
    },
  };
};

/** *.prom of all folders, sorted. */
function listFiles({ directories, files_max }: TextfileConfig, problems: string[]): string[] {
  const paths = new Set<string>();
  for (const pattern of directories) {
    const folders = /[*?[{]/.test(pattern)
      ? [...new Bun.Glob(pattern).scanSync({ onlyFiles: false, absolute: true, cwd: "/" })]
      : [pattern];
    for (const folder of folders)
      try {
        for (const name of readdirSync(folder))
          if (name.endsWith(".prom")) paths.add(join(folder, name));
      } catch (thrown) {
        problems.push(messageOf(thrown));
      }
  }
  const sorted = [...paths].toSorted();
  if (sorted.length > files_max)
    problems.push(`${sorted.length - files_max} files beyond files_max`);
  return sorted.slice(0, files_max);
}

/** What is wrong with the file, if anything. */
function takeFile(
  path: string,
  files: Map<string, KnownFile>,
  series: ExposedSeries,
  sink: SampleSink,
  sizeMax: number,
): string | undefined {
  let known = files.get(path);
  try {
    const { mtimeMs, size, ino, isFile } = statOf(path);
    const version = `${mtimeMs} ${size} ${ino}`;
    if (known?.version !== version) {
      if (!isFile) throw new OperatingError("bad_request", "no ordinary file");
      if (size > sizeMax) throw new OperatingError("overloaded", `larger than ${sizeMax} bytes`);
      known ??= { version, body: new ExposedBody(series), problem: undefined };
      files.set(path, known);
      known.version = version;
      known.problem = undefined;
      try {
        known.body.read(readFileSync(path));
      } catch (thrown) {
        known.problem = messageOf(thrown);
      }
    }
    if (known.problem === undefined) sink.add(modified, Math.floor(mtimeMs / 1_000), path);
    const refused = known.body.addTo(sink);
    if (known.problem !== undefined || refused === 0) return known.problem;
    return `${refused} samples that another file has, or whose name or labels can't be taken`;
  } catch (thrown) {
    // Gone in between, not to be read by this user, or refused unread.
    files.delete(path);
    return messageOf(thrown);
  }
}

function statOf(path: string) {
  const stat = statSync(path);
  return { mtimeMs: stat.mtimeMs, size: stat.size, ino: stat.ino, isFile: stat.isFile() };
}

function tell(tick: Tick, problems: readonly string[]): void {
  for (const problem of problems.slice(0, reasonsMax)) tick.degraded(problem);
  if (problems.length > reasonsMax)
    tick.degraded(`${problems.length - reasonsMax} further problems`);
}
