import { expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { severity } from "#shared/model/logs.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger, silentLogger } from "#shared/runtime/log.ts";
import { SelfLogTap } from "#shared/runtime/self_log_tap.ts";
import { batchOfLines, selfLogs } from "./self_logs.ts";
import type { SourceContext } from "../source.ts";

/** A context that keeps what is handed over; sleeping ends on abort, or when `wake` is called. */
function contextOf(tap: SelfLogTap | undefined) {
  const batches: LogsBatch[] = [];
  const drops: unknown[] = [];
  const abort = new AbortController();
  const emitted = Promise.withResolvers<void>();
  const context: SourceContext = {
    clock: { ...systemClock, now: () => 5_000, sleep: () => Promise.resolve() },
    log: silentLogger,
    signal: abort.signal,
    hostname: "h1",
    async *every() {},
    emitMetrics: () => Promise.resolve(),
    emitLogs: (batch) => {
      batches.push(batch);
      emitted.resolve();
      return Promise.resolve();
    },
    checkpoint: () => undefined,
    checkpoints: () => new Map(),
    drop: (...drop) => void drops.push(drop),
    degraded: () => {},
    reportTargets: () => {},
    ...(tap === undefined ? {} : { selfLogs: tap }),
  };
  return { context, batches, drops, abort, emitted: emitted.promise };
}

const bodiesOf = ({ bodies, bodyEnds }: LogsBatch) =>
  [...bodyEnds].map((end, i) =>
    new TextDecoder().decode(bodies.subarray(bodyEnds[i - 1] ?? 0, end)),
  );

test("batchOfLines() reads time and severity, and takes a foreign line as it is", () => {
  const line = '{"level":"warn","time":"2026-01-02T03:04:05.678Z","msg":"é"}';
  const batch = batchOfLines([line, "panic", '{"level":"info","time":"no"'], { job: "j" }, 7);
  expect([...batch.timestampsMs]).toEqual([Date.UTC(2026, 0, 2, 3, 4, 5, 678), 7, 7]);
  expect([...batch.severities]).toEqual([severity.warn, severity.unknown, severity.info]);
  expect(bodiesOf(batch)).toEqual([line, "panic", '{"level":"info","time":"no"']);
  expect([...batch.streamOf]).toEqual([0, 0, 0]);
  expect(batch.streams).toEqual([{ job: "j" }]);
});

test("self_logs hands on what a logger wrote, and what is left when it is stopped", async () => {
  const tap = new SelfLogTap();
  const { context, batches, abort, emitted } = contextOf(tap);
  const running = selfLogs.run(selfLogs.config.parse({ labels: { zone: "a" } }), context);
  const log = createLogger("debug", tap.write);
  log.error("first");
  await emitted;
  log.debug("last");
  abort.abort();
  await running;
  const lines = batches.flatMap(bodiesOf);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('"msg":"first"');
  expect(batches.flatMap((batch) => [...batch.severities])).toEqual([
    severity.error,
    severity.debug,
  ]);
  expect(batches[0]?.streams).toEqual([{ job: "lapwing", host: "h1", zone: "a" }]);
});

test("self_logs counts the lines that fell off before it took them", async () => {
  const tap = new SelfLogTap({ linesMax: 2, charactersMax: 100 });
  for (const line of ["a", "b", "c", "d", "e"]) tap.write(line);
  const { context, batches, drops, abort, emitted } = contextOf(tap);
  const running = selfLogs.run(selfLogs.config.parse({}), context);
  await emitted;
  abort.abort();
  await running;
  expect(drops).toEqual([["logs", "rate_limit", 3]]);
  expect(batches.flatMap(bodiesOf)).toEqual(["d", "e"]);
});

test("self_logs refuses to run where no lines are kept", async () => {
  const { context } = contextOf(undefined);
  const running = selfLogs.run(selfLogs.config.parse({}), context);
  expect(await running.catch(messageOf)).toContain("keeps no lines");
});
