import { dirname } from "node:path";
import type { Labels } from "#shared/model/labels.ts";
import type { SourceContext } from "../../source.ts";
import { type Checkpoint, parseJson, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { FileLogsConfig } from "./config.ts";
import { FolderWatch } from "./folder_watch.ts";
import {
  type Sibling,
  continues,
  frontOf,
  headAt,
  isGenerationName,
  isInPlace,
  isPartOf,
  markAt,
} from "./generations.ts";
import { type LineCodec, lineCodec } from "./line_codec.ts";
import { type MatchedFile, anyGlob, matchFiles } from "./matched_files.ts";
import { adoptMissed, adoptReplaced, adoptTruncated } from "./rotation.ts";
import { lastLinesOffset } from "./start_position.ts";
import { Tail, beginning } from "./tail.ts";

type Listings = ReadonlyMap<string, ReadonlyMap<string, Sibling> | undefined>;

/** Checkpoint of the patterns that were searched once: a file that one of them finds later is new, and read whole. */
const patternsKey = "patterns";
/** A file that is gone from a folder that can be listed is remembered for so long; else for a day (a disk not mounted). */
const forgetMs = 60_000;
const forgetUnlistedMs = 86_400_000;

/** Which files are followed: found by pattern, recognised by identity and content, through every kind of rotation. */
export class TailSet {
  readonly tails = new Map<string, Tail>();
  /** Checkpoints that travel with the next batch. */
  readonly pending = new Map<string, string>();
  /** What is wrong at present, for the status. */
  problem: string | undefined;
  readonly isExcluded: (path: string) => boolean;
  readonly #config: FileLogsConfig;
  readonly #context: SourceContext;
  readonly #codec: LineCodec;
  readonly #folders = new FolderWatch();
  readonly #seenPatterns: ReadonlySet<string>;
  #matched: ReadonlyMap<string, MatchedFile> = new Map();
  #isFirstScan = true;

  readonly #labelsOf: (path: string, real: string) => Labels;

  /** `labelsOf`: labels that a file's path tells, if any. */
  constructor(
    config: FileLogsConfig,
    context: SourceContext,
    labelsOf: (path: string, real: string) => Labels = () => ({}),
  ) {
    this.#labelsOf = labelsOf;
    this.#config = config;
    this.#context = context;
    this.#codec = lineCodec(config.encoding);
    const isExcluded = anyGlob(config.exclude);
    this.isExcluded = (path) => isExcluded(path) || context.isTaken?.(path) === true;
    const seen = parseJson(context.checkpoint(patternsKey) ?? "[]");
    this.#seenPatterns = new Set(Array.isArray(seen) ? seen.map(String) : []);
    for (const [key, value] of context.checkpoints()) {
      const at = key === patternsKey ? undefined : readCheckpoint(value);
      if (at !== undefined) this.tails.set(key, this.newTail(key, at, "missing", at.real));
      else if (key !== patternsKey) context.log.warn("A stored position can't be read", { key });
    }
  }

  newTail(key: string, at: Checkpoint, state: Tail["state"], current: string): Tail {
    return new Tail(key, this.#labelsFor(at), at, state, current);
  }

  /** Asks again for the labels that paths tell. */
  relabel(): void {
    for (const tail of this.tails.values()) {
      const labels = this.#labelsFor(tail.at);
      if (!Bun.deepEquals(labels, tail.labels)) tail.labels = labels;
    }
  }

  #labelsFor({ path, real }: Checkpoint): Labels {
    return {
      job: this.#config.job,
      host: this.#context.hostname,
      filename: path,
      ...this.#labelsOf(path, real),
      ...this.#config.labels,
    };
  }

  /** Looks at the patterns and folders, and brings the tails up to date. */
  scan(nowMs: number): void {
    const { files, problem } = matchFiles(this.#config.paths, this.isExcluded, this.#matched);
    this.#matched = files;
    this.problem = problem;
    for (const tail of this.tails.values())
      if (tail.state === "live" && files.get(tail.key)?.real !== tail.current) tail.rotate();
    const folders = new Set([...this.tails.values()].map((tail) => dirname(tail.at.real)));
    const changed = this.#folders.changed(folders, [...this.tails.values()]);
    const strangers: MatchedFile[] = [];
    const truncated: Tail[] = [];
    for (const file of files.values()) {
      const verdict = this.#meet(file);
      if (verdict === "new") strangers.push(file);
      else if (verdict !== "known") truncated.push(verdict);
    }
    this.#locate(changed);
    for (const tail of truncated) this.truncated(tail);
    for (const file of strangers) if (!this.tails.has(file.key)) this.#begin(file, changed);
    for (const [folder, siblings] of changed)
      if (siblings !== undefined) adoptMissed(this, folder, siblings);
    this.#forget(changed, nowMs);
    if (this.#isFirstScan) this.#rememberPatterns();
    this.#isFirstScan = false;
  }

  /** The file has lost what was read from it: the rest is looked for in a copy, then it is read from its first byte. */
  truncated(tail: Tail, wasOpen = true): void {
    if (tail.state === "rotated" && !wasOpen) adoptReplaced(this, tail);
    else adoptTruncated(this, tail);
  }

  /** Puts the tail's position into the next batch. */
  remember(tail: Tail): void {
    this.pending.set(tail.key, writeCheckpoint(tail.at));
  }

  /** Lets go of a tail whose file is another one now. */
  drop(tail: Tail): void {
    tail.close();
    tail.state = "done";
    tail.drained = true;
    this.tails.delete(tail.key);
    this.pending.set(tail.key, "");
    this.#folders.listAgain(dirname(tail.at.real));
  }

  /** Adds a tail that was found, unless there are too many. */
  add(tail: Tail): boolean {
    if (this.tails.size >= this.#config.files_max) {
      this.problem = `more than ${this.#config.files_max} files (files_max): some are not read`;
      return false;
    }
    this.tails.set(tail.key, tail);
    this.remember(tail);
    return true;
  }

  /** What a matched file is: known, new, or known and truncated. */
  #meet(file: MatchedFile): "known" | "new" | Tail {
    const tail = this.tails.get(file.key);
    if (tail === undefined) return "new";
    if (tail.state === "live") return "known";
    const isHome = file.path === tail.at.path || !isGenerationName(file.real, tail.at.real);
    const size = Number(file.stat.size);
    const isUntouched = size === tail.at.offset && file.stat.mtimeNs === tail.at.mtimeNs;
    if (tail.state === "rotated" || (tail.state === "done" && isUntouched)) {
      tail.current = file.real;
      if (isHome) tail.state = "live";
      return "known";
    }
    const isSame = continues(tail.at, file.real);
    tail.front = isSame ? frontOf(tail, file.real) : undefined;
    tail.current = file.real;
    if (isHome) tail.state = "live";
    else tail.rotate();
    return isSame ? "known" : tail;
  }

  /** Finds tails under the names that they have now. */
  #locate(changed: Listings): void {
    for (const tail of this.tails.values()) {
      if (tail.state === "live" || tail.isOpen) continue;
      const sibling = changed.get(dirname(tail.at.real))?.get(tail.key);
      if (sibling === undefined) continue;
      tail.current = sibling.path;
      if (tail.state !== "missing") continue;
      if (!continues(tail.at, sibling.path)) {
        tail.rotate();
        adoptReplaced(this, tail);
      }
      // Under its old name, yet no pattern leads to it: it is no longer wanted.
      else if (sibling.path === tail.at.real) tail.state = "done";
      else tail.rotate();
    }
  }

  #begin(file: MatchedFile, changed: Listings): void {
    const { path, real, key, stat } = file;
    if (this.#isCopyInTheMaking(file) || this.tails.has(key)) return;
    if (this.#context.isTaken?.(path, key) === true) return;
    const moved = this.#movedFrom(file, changed);
    const isNew = !this.#isFirstScan || this.#seenPatterns.has(file.pattern);
    const offset = isNew ? 0 : this.#startOffset(real, Number(stat.size));
    const fresh = { ...beginning, offset, mark: markAt(real, offset), head: headAt(real, offset) };
    const at = { path, real, mtimeNs: stat.mtimeNs, ...(moved?.at ?? fresh) };
    const tail = this.newTail(key, at, "live", real);
    for (const other of this.tails.values())
      if (other.at.real === real && other.state === "rotated" && !other.drained)
        tail.after.push(other);
    if (this.add(tail) && moved !== undefined) this.drop(moved);
  }

  /** A copy has the original's lines; it is judged once the original was truncated. */
  #isCopyInTheMaking(file: MatchedFile): boolean {
    for (const base of this.tails.values()) {
      if (base.state !== "live" && base.state !== "rotated") continue;
      if (!isGenerationName(file.real, base.at.real)) continue;
      const copy = { path: file.real, key: file.key, stat: file.stat };
      if (file.stat.size === 0n) return true;
      if (base.state === "live") {
        if (isPartOf(copy, base.current) || base.statPath() === undefined) return true;
        if (!isInPlace(copy)) return true;
      }
      // Compared first, then checked: were it truncated in between, the comparison would say nothing.
      if (!base.isIntact()) this.truncated(base);
    }
    return false;
  }

  /** The tail that this file continues under another identity: rewritten by an editor, or device numbers changed. */
  #movedFrom(file: MatchedFile, changed: Listings): Tail | undefined {
    for (const tail of this.tails.values()) {
      if (tail.at.path !== file.path || tail.state === "live" || tail.at.offset === 0) continue;
      const siblings = changed.get(dirname(tail.at.real));
      if (siblings === undefined || siblings.has(tail.key)) continue;
      if (continues(tail.at, file.real)) return tail;
    }
    return undefined;
  }

  #startOffset(path: string, size: number): number {
    if (this.#config.start_at === "beginning") return 0;
    return lastLinesOffset(path, size, this.#config.tail_lines, this.#codec);
  }

  #forget(changed: Listings, nowMs: number): void {
    for (const tail of this.tails.values()) {
      if (tail.state !== "done" && tail.state !== "missing") continue;
      const folder = dirname(tail.at.real);
      if (changed.has(folder))
        if (changed.get(folder)?.has(tail.key) === true) tail.goneSinceMs = undefined;
        else tail.goneSinceMs ??= nowMs;
      const limitMs = this.#folders.isListed(folder) ? forgetMs : forgetUnlistedMs;
      if (tail.goneSinceMs !== undefined && nowMs - tail.goneSinceMs >= limitMs) this.drop(tail);
    }
  }

  #rememberPatterns(): void {
    const patterns = JSON.stringify(this.#config.paths);
    if (this.#context.checkpoint(patternsKey) !== patterns) this.pending.set(patternsKey, patterns);
  }
}
