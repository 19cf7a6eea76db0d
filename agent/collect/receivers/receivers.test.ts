import { expect, test } from "bun:test";
import { hashOf } from "#shared/cardinality/series_hash.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { ReceiversConfig } from "./config.ts";
import { Receivers, type ReceiversParts } from "./receivers.ts";

function open(logs: ReceiversParts["output"]["logs"]): Receivers {
  return new Receivers(ReceiversConfig.parse({}), {
    output: { metrics: () => Promise.resolve(1), logs, drop: () => {}, syncPromptly: () => {} },
    clock: systemClock,
    log: silentLogger,
    metrics: createSelfMetrics(),
    folder: "/nowhere",
    limiter: { hasRoom: () => true, refused: () => {}, refusedSamples: () => {} },
    outOfOrderMs: 0,
  });
}

test("heldLabels() gives the label sets of pushed series, as they are held", async () => {
  const receivers = open(() => Promise.resolve(0));
  const response = await receivers.routes.request("/write", { method: "POST", body: "a,b=c v=1" });
  expect(response.status).toBe(204);
  const labels = { b: "c", __name__: "a_v" };
  const held = receivers.heldLabels(labels, hashOf(labelsKey(labels)));
  expect(held).toEqual(labels);
  expect(receivers.heldLabels({ ...labels }, hashOf(labelsKey(labels))) === held).toBe(true);
  const other = { __name__: "other" };
  expect(receivers.heldLabels(other, hashOf(labelsKey(other)))).toBeUndefined();
});

test("a large push goes on in parts; only the first of them may be refused", async () => {
  const parts: { records: number; whenFull: string | undefined }[] = [];
  const receivers = open((batch: LogsBatch, _, whenFull) => {
    const { length: records } = batch.bodyEnds;
    parts.push({ records, whenFull });
    return Promise.resolve(records);
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
