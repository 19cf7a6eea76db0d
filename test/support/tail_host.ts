import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import type { SourceContext } from "#agent/collect/source.ts";
import { type Binder, binder } from "#agent/collect/sources/binder.ts";
import { fileLogs } from "#agent/collect/sources/file_logs/source.ts";

export type TailedLine = {
  body: string;
  filename: string;
  severity: number;
  time: number;
  truncated: boolean;
  labels: Labels;
  attributes: Labels | undefined;
};

/** What a host keeps of a file_logs source: lines and positions, both or neither. Runs it in a folder of its own. */
export class TailHost {
  readonly folder = mkdtempSync(join(tmpdir(), "lapwing-tail-"));
  readonly lines: TailedLine[] = [];
  readonly bodies: Uint8Array[] = [];
  readonly checkpoints = new Map<string, string>();
  batches = 0;
  /** Off where there are too many lines to hold; onBatch sees them all the same. */
  keepLines = true;
  truncated = 0;
  unparsed = 0;
  lookupsFailed = 0;
  problem: string | undefined;
  /** Called with each batch before it is kept; a throw loses it, like a crash. */
  onBatch: (batch: LogsBatch) => void = () => {};
  /** Awaited before each batch, as a spool that is slow to take it. */
  beforeKeep: () => Promise<void> = () => Promise.resolve();
  #running: Promise<void> | undefined;
  #stop = new AbortController();
  #waiting: (() => void)[] = [];

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Starts the source on `*.log` of the folder, quick to look, unless told otherwise. */
  start(options: Record<string, unknown> = {}, bind: Binder = binder(fileLogs)): void {
    this.run(
      {
        paths: [this.path("*.log")],
        poll_interval: "10ms",
        rescan_interval: "20ms",
        rotate_wait: "100ms",
        ...options,
      },
      bind,
    );
  }

  /** Starts any source of logs with just these options. */
  run(options: Record<string, unknown>, bind: Binder): void {
    const made = bind(options);
    if (!("bound" in made)) throw new Error(JSON.stringify(made.issues));
    this.#stop = new AbortController();
    this.#running = made.bound.run(this.#context(this.#stop.signal));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#running = undefined;
  }

  /** As a killed process: whatever it tries to hand over from now on is lost. */
  async kill(): Promise<void> {
    this.onBatch = () => {
      throw new Error("killed");
    };
    this.#stop.abort();
    await this.#running?.catch(() => {});
    this.onBatch = () => {};
    this.#running = undefined;
  }

  /** Resolves when the condition holds; it is looked at after each batch. Fails when the source fails. */
  async until(condition: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
    const failure = this.#running?.then(() => {
      throw new Error(`the source ended while waiting for ${what}`);
    });
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`waited too long for ${what}, have ${this.lines.length}`)),
      timeoutMs,
    );
    try {
      while (!condition()) {
        const batch = new Promise<void>((resolve) => void this.#waiting.push(resolve));
        await Promise.race([batch, late, ...(failure === undefined ? [] : [failure])]);
      }
    } finally {
      clearTimeout(timer);
      failure?.catch(() => {});
      late.catch(() => {});
    }
  }

  async untilLines(count: number): Promise<void> {
    await this.until(() => this.lines.length >= count, `${count} lines`);
  }

  texts(): string[] {
    return this.lines.map((line) => line.body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running !== undefined) await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #context(signal: AbortSignal): SourceContext {
    return {
      clock: systemClock,
      log: silentLogger,
      signal,
      hostname: "testhost",
      async *every() {},
      emitMetrics: () => Promise.reject(new Error("a tail has no metrics")),
      emitLogs: async (batch, checkpoints = {}) => {
        // A spool writes to a file: another turn of the event loop, in which a kill can fall.
        await new Promise((resolve) => setImmediate(resolve));
        await this.beforeKeep();
        this.onBatch(batch);
        this.#keep(batch, checkpoints);
      },
      checkpoint: (key) => this.checkpoints.get(key),
      checkpoints: () => new Map(this.checkpoints),
      drop: () => {},
      truncated: (_signal, items) => void (this.truncated += items),
      unparsed: (_signal, items) => void (this.unparsed += items),
      lookupFailed: () => void this.lookupsFailed++,
      degraded: (message) => {
        this.problem = message;
        this.#wake();
      },
    };
  }

  #keep(batch: LogsBatch, checkpoints: Readonly<Record<string, string>>): void {
    this.batches++;
    if (this.keepLines) this.#keepLines(batch);
    for (const [key, value] of Object.entries(checkpoints))
      if (value === "") this.checkpoints.delete(key);
      else this.checkpoints.set(key, value);
    this.#wake();
  }

  #keepLines(batch: LogsBatch): void {
    const text = new TextDecoder();
    let start = 0;
    batch.bodyEnds.forEach((end, i) => {
      const body = batch.bodies.slice(start, end);
      this.bodies.push(body);
      this.lines.push({
        body: text.decode(body),
        filename: batch.streams[batch.streamOf[i] ?? -1]?.["filename"] ?? "",
        severity: batch.severities[i] ?? -1,
        time: (batch.timestampsMs[i] ?? 0) + (batch.nanos[i] ?? 0) / 1e6,
        truncated: batch.attributes?.[i]?.["truncated"] === "true",
        labels: batch.streams[batch.streamOf[i] ?? -1] ?? {},
        attributes: batch.attributes?.[i],
      });
      start = end;
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
