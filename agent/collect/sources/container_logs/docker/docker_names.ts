import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { followEvents, listContainers } from "./docker_api.ts";
import { type DockerContainer, labelsOfContainer, readConfigFile } from "./docker_container.ts";
import type { DockerConfig } from "./config.ts";

type Known = {
  readonly container: DockerContainer;
  readonly labels: Labels;
};

type Parts = {
  readonly config: DockerConfig;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What is wrong with the API now; undefined when nothing is. */
  problem(message: string | undefined): void;
  /** Called with each answer that did not come or was not understood. */
  failed(): void;
};

/** The first lines wait no longer than this for the names of their containers. */
const readyMs = 1_000;
/** Between two lists, where events come one upon the other. */
const listGapMs = 200;
/** How often the list is asked for with events, in case one is missed, and without. */
const listMs = 30_000;
const listWithoutEventsMs = 1_000;
const retryMinMs = 1_000;
const retryMaxMs = 30_000;
/** How often it is looked whether an engine was installed. */
const absentMs = 1_000;
/** An engine that restarts, or a proxy that ends long connections, is no failure when it has told events for so long. */
const settledMs = 10_000;
/** Containers that are gone are forgotten, the oldest first, beyond this many. */
const containersMax = 10_000;
const configBytesMax = 4 * 1024 ** 2;

/**
 * Names and labels of Docker's containers: told by the engine's API (a list, and events that say when to ask for it again), or,
 * where that gives no answer, by the file config.v2.json beside each log. What was known of a container that is gone stays, for its last lines.
 */
export class DockerNames {
  readonly #parts: Parts;
  readonly #known = new Map<string, Known>();
  /** Containers whose logs are read: folder, and when its configuration was last changed as it was read (ms). */
  readonly #folders = new Map<string, { readonly folder: string; mtimeMs: number }>();
  #isListed = false;
  #hasEvents = false;
  #hasChanged = false;
  #listProblem: string | undefined;
  #eventsProblem: string | undefined;
  #wake: () => void = () => {};
  #isWoken = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Asks the engine until the signal aborts. `ready` is called when the first answer is there, or is not to be waited for. */
  async run(ready: () => void): Promise<void> {
    const { clock, signal, config } = this.#parts;
    if (!config.enabled) return ready();
    void clock.sleep(readyMs, signal).then(ready);
    await Promise.all([this.#keepListing(ready), this.#keepFollowing()]);
  }

  /** Labels of the container whose log lies in the folder; undefined where nothing tells its name. */
  labelsOf(id: string, folder: string): Labels | undefined {
    if (!this.#parts.config.enabled) return undefined;
    if (!this.#folders.has(id)) this.#folders.set(id, { folder, mtimeMs: 0 });
    if (!this.#known.has(id)) this.#readFile(id);
    return this.#known.get(id)?.labels;
  }

  /** Whether labels may be others than when this was asked last. Looks at the files where the API does not answer. */
  hasChanged(): boolean {
    for (const id of this.#folders.keys())
      if (!this.#isListed || !this.#known.has(id)) this.#readFile(id);
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }

  async #keepListing(ready: () => void): Promise<void> {
    const { clock, signal, config } = this.#parts;
    let retryMs = retryMinMs;
    while (!signal.aborted) {
      let waitMs = absentMs;
      if (existsSync(config.socket)) {
        await this.#list();
        if (signal.aborted) return;
        const isWell = this.#listProblem === undefined;
        waitMs = isWell ? (this.#hasEvents ? listMs : listWithoutEventsMs) : retryMs;
        retryMs = isWell ? retryMinMs : Math.min(retryMs * 2, retryMaxMs);
      } else {
        this.#isListed = false;
        this.#listProblem = undefined;
        this.#tellProblem();
      }
      ready();
      await clock.sleep(listGapMs, signal);
      await this.#sleep(waitMs - listGapMs);
    }
  }

  /** Until there is an event, or for so long. */
  async #sleep(waitMs: number): Promise<void> {
    const { clock, signal } = this.#parts;
    const done = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#isWoken) resolve();
    });
    await Promise.race([clock.sleep(waitMs, AbortSignal.any([signal, done.signal])), woken]);
    done.abort();
    this.#isWoken = false;
  }

  async #list(): Promise<void> {
    const { config, signal } = this.#parts;
    try {
      const { containers, refused } = await listContainers(config.socket, signal);
      for (const container of containers) this.#learn(container);
      this.#isListed = true;
      this.#listProblem =
        refused === 0 ? undefined : `${refused} containers of its list are not understood`;
      if (refused > 0) this.#parts.failed();
    } catch (thrown) {
      if (signal.aborted) return;
      this.#isListed = false;
      this.#listProblem = messageOf(thrown);
      this.#parts.failed();
    }
    this.#tellProblem();
  }

  async #keepFollowing(): Promise<void> {
    const { clock, signal, config } = this.#parts;
    let retryMs = retryMinMs;
    while (!signal.aborted) {
      if (!existsSync(config.socket)) {
        this.#eventsProblem = undefined;
        await clock.sleep(absentMs, signal);
        continue;
      }
      const problem = await this.#follow();
      if (signal.aborted) return;
      if (problem === undefined) retryMs = retryMinMs;
      else this.#parts.failed();
      this.#eventsProblem = problem;
      this.#tellProblem();
      await clock.sleep(retryMs, signal);
      if (problem !== undefined) retryMs = Math.min(retryMs * 2, retryMaxMs);
    }
  }

  /** Until the engine ends its events; why, unless it had told them for long. */
  async #follow(): Promise<string | undefined> {
    const { clock, signal, config } = this.#parts;
    let sinceMs = Number.POSITIVE_INFINITY;
    const changed = () => {
      this.#isWoken = true;
      this.#wake();
    };
    const followed = () => {
      sinceMs = clock.monotonic();
      this.#hasEvents = true;
      this.#eventsProblem = undefined;
      this.#tellProblem();
      // What happened before this is in the list that is asked for now.
      changed();
    };
    let problem = "events: ended at once";
    try {
      await followEvents(config.socket, { followed, changed }, signal);
    } catch (thrown) {
      problem = messageOf(thrown);
    }
    this.#hasEvents = false;
    changed();
    return clock.monotonic() - sinceMs >= settledMs ? undefined : problem;
  }

  #learn(container: DockerContainer): void {
    const before = this.#known.get(container.id);
    // An image that is known by its id only had a name when the container was made.
    const image = container.image === "" ? (before?.container.image ?? "") : container.image;
    const learnt = { ...container, image };
    const labels = labelsOfContainer(learnt, this.#parts.config.container_labels);
    if (before !== undefined && Bun.deepEquals(before.labels, labels)) return;
    this.#known.set(container.id, { container: learnt, labels });
    this.#hasChanged = true;
    for (const id of this.#known.keys()) {
      if (this.#known.size <= containersMax) break;
      this.#known.delete(id);
      this.#folders.delete(id);
    }
  }

  /** Reads a container's configuration, where it is another than when it was read last. */
  #readFile(id: string): void {
    const place = this.#folders.get(id);
    if (place === undefined) return;
    const path = join(place.folder, "config.v2.json");
    try {
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined || stat.mtimeMs === place.mtimeMs || stat.size > configBytesMax)
        return;
      place.mtimeMs = stat.mtimeMs;
      const container = readConfigFile(id, readFileSync(path, "utf8"));
      if (container === undefined) this.#parts.failed();
      else this.#learn(container);
    } catch {
      // Not to be read by this user, or gone in between: the path's id has to do.
    }
  }

  #tellProblem(): void {
    const reason = this.#listProblem ?? this.#eventsProblem;
    this.#parts.problem(reason === undefined ? undefined : `Docker's API: ${reason}`);
  }
}
