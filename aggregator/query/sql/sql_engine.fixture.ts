import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogsBatch } from "#shared/model/logs.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { SeriesSamples } from "../../read/source.ts";
import { cutOf, openTestStore } from "../../read/store.fixture.ts";
import { type SqlEngine, createSqlEngine } from "../sql.ts";

type Content = {
  /** In a block. */
  readonly metrics: readonly SeriesSamples[];
  readonly logs?: LogsBatch;
  /** In the head. */
  readonly recent?: readonly SeriesSamples[];
};

/** An engine over a block of tenant "t", with one worker process. */
export async function openSqlEngine({ metrics, logs, recent = [] }: Content): Promise<{
  readonly engine: SqlEngine;
  readonly close: () => Promise<void>;
}> {
  const dataDir = mkdtempSync(join(tmpdir(), "lapwing-sql-engine-"));
  const store = await openTestStore(dataDir, {});
  const cut = { metrics: [...metrics], ...(logs !== undefined && { logs }) };
  await store.commit(cutOf(cut, 1), () => {});
  const engine = await createSqlEngine(
    {
      timeoutMs: 50_000,
      rowsMax: 100,
      resultBytesMax: 1_024 ** 2,
      runningMax: 1,
      waitingMax: 8,
      memoryBytes: 256 * 1_024 ** 2,
      threads: 1,
    },
    {
      store,
      head: { selectSamples: () => [...recent], logParts: () => [] },
      clock: systemClock,
      metrics: createSelfMetrics(),
      folder: join(dataDir, "sql"),
    },
  );
  const close = async () => {
    await engine.close();
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { engine, close };
}

/** For tests in which no statement is run. */
export const noSql: Pick<SqlEngine, "query" | "reads"> = {
  query: () => Promise.reject(new Error("nothing here is in SQL")),
  reads: () => Promise.reject(new Error("nothing here is in SQL")),
};
