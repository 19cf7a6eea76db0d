import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { Pipeline } from "#agent/pipeline/pipeline.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { SelfLogTap } from "#shared/runtime/self_log_tap.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { openTestSpool } from "#test/support/spool.ts";
import { Collector, type RunnableSource } from "../collect/collector.ts";
import { binder } from "../collect/sources/binder.ts";
import { fileLogs } from "../collect/sources/file_logs/source.ts";
import { SeriesLimiter } from "../pipeline/series_limiter.ts";
import { divideFiles } from "./log_claims.ts";

/** A collector of file sources on a real spool, and the lines that it was given, with the label `job`. */
class World {
  readonly folder = mkdtempSync(join(tmpdir(), "lapwing-claims-"));
  readonly lines: (readonly [job: string, line: string])[] = [];
  readonly collector: Collector;
  readonly #spool: Awaited<ReturnType<typeof openTestSpool>>["spool"];
  readonly #spoolFolder: string;

  static async open(): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), "lapwing-claims-spool-"));
    const { spool } = await openTestSpool(folder);
    return new World(spool, folder);
  }

  private constructor(
    spool: Awaited<ReturnType<typeof openTestSpool>>["spool"],
    spoolFolder: string,
  ) {
    this.#spool = spool;
    this.#spoolFolder = spoolFolder;
    mkdirSync(join(this.folder, "app"));
    const metrics = createSelfMetrics();
    const clock = systemClock;
    const limiter = new SeriesLimiter({ name: "here", limit: 0, clock, log: silentLogger });
    const pipeline = new Pipeline({ spool, limiter, clock, log: silentLogger, metrics }, {});
    this.collector = new Collector({
      output: {
        metrics: (batch) => pipeline.metrics(batch),
        drop: (...what) => pipeline.drop(...what),
        checkpoints: () => pipeline.checkpoints(),
        logs: (batch, checkpoints) => {
          this.#keep(batch);
          return pipeline.logs(batch, checkpoints);
        },
      },
      clock,
      log: silentLogger,
      metrics,
      hostname: "here",
      selfLogs: new SelfLogTap(),
    });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A source of files; `isWritten`: as if a person had written its paths. */
  source(name: string, job: string, paths: readonly string[], isWritten = false): RunnableSource {
    const made = binder(fileLogs)({
      paths: paths.map((path) => this.path(path)),
      job,
      poll_interval: "10ms",
      rescan_interval: "10ms",
      rotate_wait: "50ms",
      tail_lines: 1_000,
    });
    if (!("bound" in made) || made.bound.files === undefined) throw new Error("not bound");
    const { bound } = made;
    const { type, fingerprint } = bound;
    const files = { ...made.bound.files, isWritten };
    return { type, fingerprint, name, files, run: (context) => bound.run(context) };
  }

  apply(...sources: readonly RunnableSource[]): Promise<void> {
    return this.collector.apply(divideFiles(sources));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await Bun.sleep(5);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.collector.stop();
    await this.#spool.close();
    for (const folder of [this.folder, this.#spoolFolder]) rmSync(folder, { recursive: true });
  }

  #keep({ bodies, bodyEnds, streams, streamOf }: LogsBatch): void {
    let start = 0;
    for (const [i, end] of bodyEnds.entries()) {
      const job = streams[streamOf[i] ?? -1]?.["job"] ?? "";
      this.lines.push([job, Buffer.from(bodies.subarray(start, end)).toString()]);
      start = end;
    }
  }
}

test("files change hands while they are written and rotated: each line comes once, with the labels of who reads it then", async () => {
  await using world = await World.open();
  const usual = world.source("file_logs", "files", ["*.log", "*/*.log"]);
  const taker = world.source("integration/app/a/logs", "app", ["app/*.log"]);
  const [log, other] = [world.path("app/access.log"), world.path("other.log")];
  writeFileSync(log, "line 0\n");
  writeFileSync(other, "other 0\n");
  let written = 1;
  const writer = setInterval(() => {
    appendFileSync(log, `line ${written}\nline ${written + 1}`);
    appendFileSync(log, "\n");
    written += 2;
    if (written % 80 === 1) {
      renameSync(log, `${log}.${written}`);
      appendFileSync(log, `line ${written++}\n`);
    }
  }, 1);
  const jobs: string[] = [];
  for (const sources of [[usual], [usual, taker], [usual], [usual, taker]]) {
    await world.apply(...sources);
    const from = written;
    await world.until(() => world.lines.some(([, line]) => line === `line ${from + 50}`));
    jobs.push(world.lines.findLast(([, line]) => line === `line ${from + 50}`)?.[0] ?? "");
  }
  clearInterval(writer);
  appendFileSync(other, "other 1\n");
  const wanted = Array.from({ length: written }, (_, i) => `line ${i}`);
  await world.until(() => world.lines.length >= written + 2);
  await Bun.sleep(100);
  const lines = world.lines.map(([, line]) => line);
  expect(lines.filter((line) => line.startsWith("line"))).toEqual(wanted);
  expect(lines.filter((line) => line.startsWith("other"))).toEqual(["other 0", "other 1"]);
  expect(jobs).toEqual(["files", "app", "files", "app"]);
});

test("a file that appears while its folder changes hands is new, and read whole", async () => {
  await using world = await World.open();
  const usual = world.source("file_logs", "files", ["*.log", "*/*.log"]);
  const taker = world.source("integration/app/a/logs", "app", ["app/*.log", "elsewhere/*.txt"]);
  writeFileSync(world.path("app/old.log"), "old\n");
  await world.apply(usual);
  await world.until(() => world.lines.length === 1);
  await world.collector.stop();
  const many = Array.from({ length: 2_000 }, (_, i) => `line ${i}`);
  writeFileSync(world.path("app/new.log"), many.map((line) => `${line}\n`).join(""));
  mkdirSync(world.path("elsewhere"));
  writeFileSync(world.path("elsewhere/a.txt"), many.map((line) => `${line}\n`).join(""));
  await world.apply(usual, taker);
  await world.until(() => world.lines.length >= 3_001);
  await Bun.sleep(50);
  expect(world.lines.map(([job]) => job)).toEqual(["files", ...Array(3_000).fill("app")]);
});

test("paths that a person wrote stay with their source, and the first of two integrations has a file", async () => {
  await using world = await World.open();
  for (const name of ["a", "b", "c"]) writeFileSync(world.path(`app/${name}.log`), `${name}\n`);
  writeFileSync(world.path("d.log"), "d\n");
  await world.apply(
    world.source("file_logs", "files", ["*.log", "*/*.log"]),
    world.source("file_logs#2", "mine", ["app/a.log"], true),
    world.source("integration/app/a/logs", "app", ["app/[ab].log"]),
    world.source("integration/app/b/logs", "app2", ["app/*.log"]),
  );
  await world.until(() => world.lines.length >= 4);
  await Bun.sleep(50);
  expect(new Set(world.lines.map((pair) => pair.join(" ")))).toEqual(
    new Set(["app b", "app2 c", "files d", "mine a"]),
  );
  expect(world.lines).toHaveLength(4);
});

function prints(...sources: readonly RunnableSource[]): string[] {
  return divideFiles(sources).map(({ fingerprint }) => fingerprint);
}

test("only sources whose files others name begin anew", async () => {
  await using world = await World.open();
  const [usual, far, taker] = [
    world.source("file_logs", "files", ["*.log"]),
    world.source("file_logs#2", "far", ["far/*.log"]),
    world.source("integration/app/a/logs", "app", ["app.log"]),
  ];
  const [before, after] = [prints(usual, far), prints(usual, far, taker)];
  expect([after[0] === before[0], after[1] === before[1]]).toEqual([false, true]);
});
