import { expect, test } from "bun:test";
import type { LogsBatch } from "#shared/model/logs.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { ReceiversConfig } from "./config.ts";
import { Receivers } from "./receivers.ts";

test("a large push goes on in parts; only the first of them may be refused", async () => {
  const parts: { records: number; whenFull: string | undefined }[] = [];
  const receivers = new Receivers(ReceiversConfig.parse({}), {
    output: {
      metrics: () => Promise.resolve(0),
      logs: (batch: LogsBatch, _, whenFull) => {
        const { length: records } = batch.bodyEnds;
        parts.push({ records, whenFull });
        return Promise.resolve(records);
      },
      drop: () => {},
      syncPromptly: () => {},
    },
    clock: systemClock,
    log: silentLogger,
    metrics: createSelfMetrics(),
    folder: "/nowhere",
    limiter: { hasRoom: () => true, refused: () => {}, refusedSamples: () => {} },
    outOfOrderMs: 0,
  });
  const values = Array.from({ length: 20_000 }, (_, i) => [`${Date.now()}000000`, `line ${i}`]);
  const response = await receivers.routes.request("/loki/api/v1/push", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ streams: [{ stream: { job: "a" }, values }] }),
  });
  expect(response.status).toBe(204);
  expect(parts).toEqual([
    { records: 8_192, whenFull: "refuse" },
    { records: 8_192, whenFull: "wait" },
    { records: 3_616, whenFull: "wait" },
  ]);
});
