import type { LogsBatch } from "#shared/model/logs.ts";
import type { BoundFiles } from "./sources/binder.ts";
import { type Checkpoint, parseJson, readCheckpoint } from "./sources/file_logs/checkpoint.ts";
import { anyGlob } from "./sources/file_logs/matched_files.ts";

/** Names of sources that take files away from others begin so. */
export const takingPrefix = "integration/";
/** Key of a position in a file: the source's name, and the identity of the file. */
const positionKey = /^(.+)\/(\d+:\d+)$/;
const patternsKey = "patterns";

/** What handing over has to know of a source. */
export type FileReader = {
  readonly name: string;
  readonly files?: BoundFiles;
  /** Whether another source reads this file. */
  isTaken?(path: string): boolean;
};

/**
 * Checkpoints to be written before `wanted` start, as key and value, so that each file goes on where the source that read it stopped: positions go to the source
 * that reads the file now, where either of the two takes files from others. Nobody may read meanwhile. A source that takes over folders that
 * were searched before is told so: what it finds there and nobody knows is new, and read whole.
 */
export function handOver(
  checkpoints: ReadonlyMap<string, string>,
  wanted: readonly FileReader[],
): (readonly [string, string])[] {
  const moves = new Map<string, string>();
  const names = new Map(wanted.map((source) => [source.name, source]));
  const readers = wanted.filter(({ files }) => files !== undefined).map(readerOf);
  for (const [key, value] of checkpoints) {
    const [, name = "", identity = ""] = positionKey.exec(key) ?? [];
    const isTaker = name.startsWith(takingPrefix);
    const current = readers.find((reader) => reader.name === name);
    // Of a source that is gone, or that reads in a way of its own.
    if (current === undefined && (!isTaker || names.has(name))) continue;
    const at = readCheckpoint(value);
    if (at === undefined || current?.reads(at.path) === true) continue;
    const next = readers.find((reader) => (isTaker || reader.isTaker) && reader.reads(at.path));
    if (next === undefined) continue;
    const own = `${next.name}/${identity}`;
    if (isNewer(at, moves.get(own) ?? checkpoints.get(own))) moves.set(own, value);
    moves.set(key, "");
  }
  for (const reader of readers) {
    const key = `${reader.name}/${patternsKey}`;
    if (!reader.isTaker || checkpoints.has(key)) continue;
    const before = readers.filter((other) => !other.isTaker && hasSearched(other, checkpoints));
    const searched = reader.paths.filter((path) => before.some((other) => other.finds(path)));
    if (searched.length > 0) moves.set(key, JSON.stringify(searched));
  }
  return [...moves];
}

/** Whether one of the sources holds a position in the file of this identity. */
export function isHeldBy(
  checkpoints: ReadonlyMap<string, string>,
  names: readonly string[],
  identity: string,
): boolean {
  return names.some((name) => checkpoints.has(`${name}/${identity}`));
}

/** A batch that carries checkpoints alone. */
export function noLines(): LogsBatch {
  return {
    streams: [],
    streamOf: new Uint32Array(),
    timestampsMs: new Float64Array(),
    nanos: new Uint32Array(),
    severities: new Uint8Array(),
    bodies: new Uint8Array(),
    bodyEnds: new Uint32Array(),
  };
}

/** Whether globs of `files` lead to the path. */
export function coversOf({ paths, exclude }: BoundFiles): (path: string) => boolean {
  const [matches, isExcluded] = [anyGlob(paths), anyGlob(exclude)];
  return (path) => matches(path) && !isExcluded(path);
}

function readerOf(source: FileReader) {
  const { name, files } = source;
  const covers = files === undefined ? () => false : coversOf(files);
  return {
    name,
    paths: files?.paths ?? [],
    isTaker: name.startsWith(takingPrefix),
    reads: (path: string) => covers(path) && source.isTaken?.(path) !== true,
    /** Whether it would find what this glob does: judged by one name, which the glob fits. */
    finds: (glob: string) => !/[[\]{}!]/.test(glob) && covers(glob.replaceAll(/\*+|\?/g, "x")),
  };
}

function hasSearched(
  { name, paths }: ReturnType<typeof readerOf>,
  checkpoints: ReadonlyMap<string, string>,
): boolean {
  const known = parseJson(checkpoints.get(`${name}/${patternsKey}`) ?? "[]");
  return Array.isArray(known) && paths.every((path) => known.includes(path));
}

function isNewer(at: Checkpoint, other: string | undefined): boolean {
  const than = other === undefined || other === "" ? undefined : readCheckpoint(other);
  if (than === undefined) return true;
  return at.mtimeNs === than.mtimeNs ? at.offset > than.offset : at.mtimeNs > than.mtimeNs;
}
