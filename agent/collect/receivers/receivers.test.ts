import { expect, test } from "bun:test";
import { OperatingError } from "#shared/errors.ts";
import { hashOf } from "#shared/cardinality/series_hash.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { Patience } from "../../spool/when_full.ts";
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

/** Pushes 20,000 lines to Loki's path. */
async function pushLines(receivers: Receivers): Promise<Response> {
  const values = Array.from({ length: 20_000 }, (_, i) => [`${1e18 + i * 1e6}`, `line ${i}`]);
  return receivers.routes.request("/loki/api/v1/push", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ streams: [{ stream: { job: "a" }, values }] }),
  });
}

test("a large push goes on in parts; the first of them may be refused at once, later ones soon", async () => {
  const parts: { records: number; whenFull: Patience | undefined }[] = [];
  const receivers = open((batch: LogsBatch, _, whenFull) => {
    const { length: records } = batch.bodyEnds;
    parts.push({ records, whenFull });
    return Promise.resolve(records);
  });
  const latestMs = systemClock.monotonic() + 60_000;
  expect((await pushLines(receivers)).status).toBe(204);
  const later = { refusedAtMs: expect.any(Number) };
  expect(parts).toEqual([
    { records: 8_192, whenFull: "refuse" },
    { records: 8_192, whenFull: later },
    { records: 3_616, whenFull: later },
  ]);
  const [, second, third] = parts;
  expect(third?.whenFull).toBe(second?.whenFull);
  const refusedAtMs = typeof second?.whenFull === "object" ? second.whenFull.refusedAtMs : 0;
  expect(refusedAtMs).toBeGreaterThan(0);
  expect(refusedAtMs).toBeLessThan(latestMs);
});

test("a push whose later parts are refused is answered 503, and only those parts are stored when it comes again", async () => {
  let isFull = true;
  const stored: number[] = [];
  const receivers = open((batch: LogsBatch, _, whenFull) => {
    if (isFull && whenFull !== "refuse")
      return Promise.reject(new OperatingError("unavailable", "the spool takes no logs"));
    stored.push(batch.bodyEnds.length);
    return Promise.resolve(batch.bodyEnds.length);
  });
  const refused = await pushLines(receivers);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await refused.text()).toBe(
    "the spool takes no logs (the first 8192 records of the push are stored)\n",
  );
  isFull = false;
  expect((await pushLines(receivers)).status).toBe(204);
  expect(stored).toEqual([8_192, 8_192, 3_616]);
});
