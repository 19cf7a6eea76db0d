import { OperatingError } from "#shared/errors.ts";
import { runProgram } from "../run_program.ts";
import type { BackupSet } from "./config.ts";

/** Room for some hundred thousand files. */
const outputBytesMax = 32 * 1_024 * 1_024;
const special = /[*?[{]/;

/** One backup: a file, or a folder with all files in it. */
export type Backup = { readonly path: string; modifiedSeconds: number; bytes: number };

type Command = readonly [string, ...string[]];

/** What is looked for below one folder. */
type Search = {
  readonly folder: string;
  readonly glob: Bun.Glob;
  /** Of path segments; undefined where a "**" allows any number. */
  readonly segments: number | undefined;
};

/**
 * The backups of a set, in no order. Files are listed by the program find, in a process of its own: a file system that hangs would
 * stop the agent. Throws OperatingError; `problem` is what find complains about although it has found something.
 */
export async function listBackups(
  set: BackupSet,
  command: Command,
  signal: AbortSignal,
): Promise<{ backups: Backup[]; problem: string | undefined }> {
  const excluded = set.exclude.map((pattern) => new Bun.Glob(pattern));
  const found = new Map<string, Backup>();
  let problem: string | undefined;
  for (const search of set.paths.flatMap((path) => searchesOf(set, path))) {
    const { text, complaint } = await find(command, search, set.kind === "folders", signal);
    problem ??= complaint;
    for (const entry of text.split("\0")) {
      const [seconds = "", bytes = "", ...rest] = entry.split(" ");
      const path = rest.join(" ");
      if (path === "") continue;
      const name = path.slice(path.lastIndexOf("/") + 1);
      if (excluded.some((glob) => glob.match(name))) continue;
      const backup = set.kind === "folders" ? folderOf(path, search) : path;
      if (backup === undefined || !search.glob.match(backup)) continue;
      take(found, backup, Number(seconds), Number(bytes));
    }
  }
  return { backups: [...found.values()], problem };
}

/** Restic keeps a file for each snapshot; Borg writes these anew with each change of a repository. */
function searchesOf({ kind }: BackupSet, path: string): Search[] {
  if (kind === "restic") return [searchOf(`${path}/snapshots/*`)];
  if (kind === "borg") return [searchOf(`${path}/{index,hints,integrity}.*`)];
  return [searchOf(path)];
}

function searchOf(pattern: string): Search {
  const parts = pattern.split("/");
  const first = parts.findIndex((part) => special.test(part));
  // Without a glob the last part is looked for in its folder.
  const fixed = parts.slice(0, first < 0 ? -1 : first);
  return {
    folder: fixed.join("/") || "/",
    glob: new Bun.Glob(pattern),
    segments: parts.includes("**") ? undefined : parts.length,
  };
}

/** The part of a file's path that the set's glob is about. */
function folderOf(path: string, { segments, glob }: Search): string | undefined {
  const parts = path.split("/");
  if (segments !== undefined) {
    // A file on the folders' own level is none of them.
    return parts.length > segments ? parts.slice(0, segments).join("/") : undefined;
  }
  for (let length = 2; length < parts.length; length++) {
    const folder = parts.slice(0, length).join("/");
    if (glob.match(folder)) return folder;
  }
  return undefined;
}

function take(found: Map<string, Backup>, path: string, seconds: number, bytes: number): void {
  const known = found.get(path);
  if (known === undefined) found.set(path, { path, modifiedSeconds: seconds, bytes });
  else {
    known.modifiedSeconds = Math.max(known.modifiedSeconds, seconds);
    known.bytes += bytes;
  }
}

async function find(
  command: Command,
  { folder, segments }: Search,
  isDeep: boolean,
  signal: AbortSignal,
): Promise<{ text: string; complaint: string | undefined }> {
  const depth = segments === undefined || isDeep ? [] : [segments - folder.split("/").length];
  const limits = depth.flatMap((each) => [
    "-maxdepth",
    String(Math.max(1, each + (folder === "/" ? 1 : 0))),
  ]);
  const { code, stdout, stderr } = await runProgram({
    command: [
      ...command,
      "-H",
      folder,
      ...limits,
      "-type",
      "f",
      "-printf",
      String.raw`%T@ %s %p\0`,
    ],
    outputBytesMax,
    signal,
  });
  const [line = ""] = stderr.trim().split("\n");
  const text = Buffer.from(stdout).toString();
  if (code !== 0 && text === "")
    throw new OperatingError("unavailable", line || `find ended with ${code}`);
  return { text, complaint: code === 0 ? undefined : line };
}
