import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { Duckdb } from "../duckdb/duckdb.ts";
import { questions } from "./questions.ts";
import { SampleStore } from "./sample_store.ts";
import { sampleRoutes, warmUp } from "./warm_up.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-warm-up-"));
const staging = join(folder, "staging");
const writer = await Duckdb.open({
  memoryBytes: 64 * 2 ** 20,
  threads: 1,
  connectionsMax: 1,
  temporaryFolder: join(folder, "spill"),
});
afterAll(() => {
  writer.close();
  rmSync(folder, { recursive: true });
});

/** Takes down what is logged. */
function takingLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const take = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const log: Logger = {
    debug: take("debug"),
    info: take("info"),
    warn: take("warn"),
    error: take("error"),
    child: () => log,
  };
  return { log, lines };
}

test("every question finds series, and has them with a point a step", async () => {
  const store = await SampleStore.open({ staging, writer });
  try {
    const routes = sampleRoutes(store.sources, systemClock);
    for (const question of questions) {
      const { status, data } = await (await routes.request(question)).json();
      const points = data.result.map(({ values }: { values?: unknown[] }) => values?.length ?? 1);
      expect([question, status]).toEqual([question, "success"]);
      expect([question, Math.min(...points) >= (question.startsWith("/query?") ? 1 : 12)]).toEqual([
        question,
        true,
      ]);
    }
  } finally {
    await store.close();
  }
});
test("warmUp() asks all, and leaves nothing behind", async () => {
  const { log, lines } = takingLog();
  await warmUp({ staging, writer }, { ...systemClock, monotonic: () => 0 }, log);
  expect(lines).toEqual(["debug warmed up"]);
  expect(readdirSync(staging)).toEqual([]);
});
test("warmUp() asks nothing once its time is over", async () => {
  const { log, lines } = takingLog();
  let looks = 0;
  const clock = { ...systemClock, monotonic: () => (looks++ === 0 ? 0 : 60_000) };
  await warmUp({ staging, writer }, clock, log);
  expect(lines).toEqual(["debug warmed up"]);
  // At its beginning, before the first question, and at the end; queries look, too.
  expect(looks).toBe(3);
  expect(readdirSync(staging)).toEqual([]);
});
test("warmUp() that cannot write says so, and does not throw", async () => {
  const { log, lines } = takingLog();
  const file = join(folder, "file");
  writeFileSync(file, "");
  await warmUp({ staging: file, writer }, systemClock, log);
  expect(lines).toEqual(["warn warming up failed, first queries take longer"]);
});
