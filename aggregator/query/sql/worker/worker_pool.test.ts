import { afterEach, expect, test } from "bun:test";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { until } from "#test/support/asking.ts";
import { sqlWorkers } from "#test/support/sql_workers.ts";
import { WorkerPool } from "./worker_pool.ts";

const pools: WorkerPool[] = [];

function poolOf(isMemoryShort: () => boolean): WorkerPool {
  const config = { runningMax: 2, waitingMax: 2, memoryBytes: 64 * 1_024 ** 2, spareMs: 100 };
  const pool = new WorkerPool({ ...config, isMemoryShort }, createSelfMetrics());
  pools.push(pool);
  return pool;
}

const workers = (): number => sqlWorkers(process.pid).length;

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

test("WorkerPool.standBy() has a process ready, which ends when memory becomes short", async () => {
  let isShort = false;
  const pool = poolOf(() => isShort);
  pool.standBy();
  expect(pool.processes).toBe(1);
  await until("a process", () => workers() === 1);
  isShort = true;
  await until("its end", () => workers() === 0);
});

test("WorkerPool.standBy() starts no process while memory is short, but statements have one", async () => {
  const pool = poolOf(() => true);
  pool.standBy();
  expect(pool.processes).toBe(0);
  await pool.run(new AbortController().signal, async () => {
    expect(pool.processes).toBe(1);
    await until("a process", () => workers() === 1);
  });
});
