import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { DashboardsConfig } from "../config.ts";
import { type CheckedDocument, documentBytesMax, readDocument } from "../document.ts";
import type { Provided, Summary } from "../summary.ts";
import { isUid, uidOfPath } from "../uid.ts";
import { findFiles, type FoundFile } from "./find_files.ts";

type Read = {
  readonly stamp: string;
  readonly document: CheckedDocument | undefined;
  readonly fault: string;
};

type FoldersParts = {
  readonly clock: Clock;
  readonly log: Logger;
  /** Uids that are somebody else's. */
  readonly isTaken: (uid: string) => boolean;
};

/** Of all files together, in memory. */
const bytesMax = 64 * 1_024 * 1_024;

/** Dashboards of folders, read again when their files change. A file that can't be read is listed with what is wrong. */
export class ProvisionedFolders {
  readonly #config: DashboardsConfig;
  readonly #parts: FoldersParts;
  readonly #stopping = new AbortController();
  /** By real path. */
  #read: ReadonlyMap<string, Read> = new Map();
  #provided: ReadonlyMap<string, Provided> = new Map();
  /** What was said of a fault, so that it is said once. */
  #told: ReadonlySet<string> = new Set();
  #watching: Promise<void> = Promise.resolve();

  /** Reads them once, and from then on looks for changes. */
  static async open(config: DashboardsConfig, parts: FoldersParts): Promise<ProvisionedFolders> {
    const folders = new ProvisionedFolders(config, parts);
    await folders.refresh();
    if (config.folders.length > 0) folders.#watching = folders.#watch();
    return folders;
  }

  private constructor(config: DashboardsConfig, parts: FoldersParts) {
    this.#config = config;
    this.#parts = parts;
  }

  /** By uid. */
  all(): ReadonlyMap<string, Provided> {
    return this.#provided;
  }

  /** Looks at all files; those that are as they were are not read again. */
  async refresh(): Promise<void> {
    const read = new Map<string, Read>();
    const provided = new Map<string, Provided>();
    const budget = { bytes: bytesMax };
    for (const given of this.#config.folders) {
      const folder = resolve(given);
      const add = (one: Provided) => {
        const uid = this.#freeUid(one.summary, provided);
        provided.set(uid, { ...one, summary: { ...one.summary, uid } });
      };
      try {
        const { files, isCut } = await findFiles(folder);
        for (const file of files) {
          const content = await this.#content(file, budget);
          read.set(file.real, content);
          add(providedBy(folder, file, content));
        }
        if (isCut) add(faulty(folder, "holds too many files: the rest is not read"));
      } catch (thrown) {
        add(faulty(folder, messageOf(thrown)));
      }
    }
    this.#read = read;
    this.#provided = provided;
    this.#tell();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await this.#parts.clock.sleep(this.#config.interval, signal);
      if (signal.aborted) return;
      await this.refresh();
    }
  }

  async #content(file: FoundFile, budget: { bytes: number }): Promise<Read> {
    const { stamp, bytes } = file;
    const fault = (text: string) => ({ stamp, document: undefined, fault: text });
    if (bytes > documentBytesMax)
      return fault(`${file.path}: ${bytes} bytes, expected at most ${documentBytesMax}`);
    budget.bytes -= bytes;
    if (budget.bytes < 0)
      return fault(`${file.path}: all files have more than ${bytesMax} bytes, expected less`);
    const before = this.#read.get(file.real);
    if (before?.stamp === stamp) return before;
    try {
      const kind = extname(file.path).toLowerCase() === ".json" ? "json" : "yaml";
      const text = (await readFile(file.real, "utf8")).replace(/^\uFEFF/, "");
      return { stamp, document: readDocument(text, kind, file.path), fault: "" };
    } catch (thrown) {
      return fault(messageOf(thrown));
    }
  }

  /** Two files may want the same: the second gets its path's checksum, too. */
  #freeUid({ uid, source }: Summary, provided: ReadonlyMap<string, Provided>): string {
    if (!provided.has(uid) && !this.#parts.isTaken(uid)) return uid;
    return `file-${uid.slice(0, 80)}-${Bun.hash.xxHash32(source).toString(16)}`;
  }

  #tell(): void {
    const faults = new Set<string>();
    for (const { summary } of this.#provided.values()) {
      if (summary.fault === "") continue;
      const key = `${summary.source} ${summary.fault}`;
      faults.add(key);
      if (!this.#told.has(key))
        this.#parts.log.warn("a dashboard's file can't be read as it is", {
          file: summary.source,
          error: summary.fault,
        });
    }
    this.#told = faults;
  }
}

function providedBy(folder: string, file: FoundFile, { document, fault }: Read): Provided {
  const within = dirname(file.path);
  const name = basename(file.path, extname(file.path));
  const wanted = document?.uid ?? "";
  const { title, description, tags, panels } = document ?? {
    title: name,
    description: "",
    tags: [],
    panels: 0,
  };
  const summary: Summary = {
    uid: isUid(wanted) ? wanted : uidOfPath(file.path.replace(/\.\w+$/, "")) || "file",
    title,
    description,
    folder: within === "." ? "" : within,
    tags,
    origin: "file",
    source: join(folder, file.path),
    version: 1,
    updatedMs: file.modifiedMs,
    panels,
    fault,
  };
  return { summary, document };
}

function faulty(folder: string, fault: string): Provided {
  const summary: Summary = {
    uid: uidOfPath(folder) || "folder",
    title: basename(folder),
    description: "",
    folder: "",
    tags: [],
    origin: "file",
    source: folder,
    version: 0,
    updatedMs: 0,
    panels: 0,
    fault: `${folder}: ${fault}`,
  };
  return { summary, document: undefined };
}
