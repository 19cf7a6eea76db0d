import { afterEach, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AdaptiveStage, schemaOf, startMs } from "#test/support/adaptive_stage.ts";

const stages: AdaptiveStage[] = [];
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.stop();
});

function staged(config: Readonly<Record<string, unknown>> = {}): AdaptiveStage {
  const stage = new AdaptiveStage({ metrics: { match: '{job="app"}' }, ...config }, startMs);
  stages.push(stage);
  return stage;
}

const noBand = { band: { enabled: false } };
const gauge = () => schemaOf({ level: "gauge" });
const request = { reason: "request", match: [], beforeMs: 300_000, afterMs: 0 } as const;

test("request() ships what the ring has of the range and was not shipped, in order, and tells what that was", async () => {
  const stage = staged(noBand);
  const schema = schemaOf({ level: "gauge", seen_total: "counter" });
  stage.run(0, 40, (second) => stage.row(schema, [second, 2 * second]));
  stage.shipped.length = 0;
  const match = ['level{site="north"}'];
  const answer = await stage.adaptive.request({ ...request, match, beforeMs: 20_000 });
  expect(answer).toEqual({
    fromMs: startMs + 15_000,
    toMs: startMs + 45_000,
    series: 1,
    samples: 24,
    isCut: false,
  });
  // Whole windows, without what was shipped with them.
  const expected = Array.from({ length: 25 }, (_, i) => 16 + i).filter((second) => second !== 30);
  expect(stage.of("level", startMs)).toEqual(expected.map((second) => [second, second]));
  expect(stage.of("seen_total")).toEqual([]);
  // Those of windows that end meanwhile are not fine.
  expect(stage.shipped.every(({ isFine }) => isFine)).toBe(true);
});

test("request() goes on with what is still to come", async () => {
  const stage = staged(noBand);
  const schema = gauge();
  stage.run(0, 20, (second) => stage.row(schema, [second]));
  await stage.adaptive.request({ ...request, beforeMs: 2_000, afterMs: 10_000 });
  stage.run(21, 40, (second) => stage.row(schema, [second]));
  await stage.pump();
  const fine = stage.of("level", startMs).map(([second]) => second);
  expect(fine.toSorted((a, b) => a - b)).toEqual([
    0,
    15,
    ...Array.from({ length: 15 }, (_, i) => 16 + i),
  ]);
});

test("no sample is shipped twice, whatever is asked for, and all that is asked for is shipped", async () => {
  const orders = fc.array(
    fc.record({
      at: fc.integer({ min: 1, max: 100 }),
      before: fc.integer({ min: 0, max: 60 }),
      after: fc.integer({ min: 0, max: 40 }),
      match: fc.constantFrom("level", "seen_total", '{job="app"}'),
    }),
    { minLength: 1, maxLength: 6 },
  );
  const resets = fc.uniqueArray(fc.integer({ min: 1, max: 140 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      orders,
      resets,
      fc.integer({ min: 1, max: 7 }),
      async (asked, fallen, pumpEvery) => {
        const stage = new AdaptiveStage({ metrics: { match: '{job="app"}' }, ...noBand }, startMs);
        const schema = schemaOf({ level: "gauge", seen_total: "counter" });
        const answers: Promise<unknown>[] = [];
        let count = 0;
        for (let second = 0; second <= 145; second++) {
          stage.nowMs = startMs + 1_000 * second;
          count = fallen.includes(second) ? 0 : count + 1;
          stage.row(schema, [second, count]);
          for (const { at, before, after, match } of asked)
            if (at === second)
              answers.push(
                stage.adaptive.request({
                  ...request,
                  match: [match],
                  beforeMs: 1_000 * before,
                  afterMs: 1_000 * after,
                }),
              );
          if (second % pumpEvery === 0) await stage.pump();
        }
        await stage.pump();
        await Promise.all(answers);
        await stage.stop();
        for (const name of ["level", "seen_total"]) {
          const times = stage.of(name, startMs).map(([second]) => second);
          expect(new Set(times).size).toBe(times.length);
          const missing = asked
            .filter(({ match }) => match === name || match.startsWith("{"))
            .flatMap(({ at, before, after }) =>
              Array.from(
                { length: before + after + 1 },
                (_, i) => Math.max(0, at - before) + i,
              ).filter((second) => second <= Math.min(at + after, 145) && !times.includes(second)),
            );
          expect(missing).toEqual([]);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test("a series that leaves its band has its target shipped finely, from before until after", async () => {
  const stage = staged({
    before: "10s",
    after: "5s",
    band: { match: "level", warm_up: "30s", memory: "1m" },
  });
  const schema = schemaOf({ level: "gauge", seen_total: "counter" });
  const other = { series: [{ __name__: "far", job: "app", instance: "b:1" }], families: [] };
  stage.run(0, 80, (second) => {
    stage.row(schema, [second < 62 ? 10 + (second % 2) : 500, second]);
    stage.row(other, [second]);
  });
  await stage.pump();
  const fine = stage.of("seen_total", startMs).map(([second]) => second);
  // The third value outside is that at 64: from 54 to 69, in whole windows.
  expect(fine.filter((second) => second > 45).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 30 }, (_, i) => 46 + i),
  );
  expect(stage.of("far", startMs)).toHaveLength(6);
  expect(await stage.metrics.text()).toContain('lapwing_adaptive_triggers_total{reason="band"} 1');
});

test("a counter's band is about its rate, and a reset is no exit", async () => {
  const stage = staged({ band: { match: "seen_total", warm_up: "30s", width_min: 0.5 } });
  const schema = schemaOf({ seen_total: "counter" });
  let count = 0;
  stage.run(0, 100, (second) => stage.row(schema, [(count = second === 60 ? 0 : count + 10)]));
  expect(await stage.metrics.text()).not.toContain("lapwing_adaptive_triggers_total{");
  stage.run(101, 110, () => stage.row(schema, [(count += 50)]));
  expect(await stage.metrics.text()).toContain('lapwing_adaptive_triggers_total{reason="band"} 1');
});

test("exits are followed so often an hour, and of one series once in its cooldown", async () => {
  const band = { match: '{job="app"}', warm_up: "10s", memory: "1m", cooldown: "30s" };
  const stage = staged({ band: { ...band, per_hour_max: 3 }, before: "1s", after: "1s" });
  const schemas = ["a", "b", "c"].map((instance) => ({
    series: [{ __name__: "level", job: "app", instance }],
    families: [],
  }));
  // Each leaves at a time of its own, for six seconds, and again twenty seconds and a minute later.
  stage.run(0, 300, (second) => {
    for (const [i, schema] of schemas.entries()) {
      const since = second - 80 - 20 * i;
      const isAway = [0, 20, 80].some((at) => since >= at && since < at + 6);
      stage.row(schema, [isAway ? 1e6 * 10 ** Math.floor(since / 20) : 1]);
    }
  });
  await stage.pump();
  const text = await stage.metrics.text();
  expect(text).toContain('lapwing_adaptive_triggers_total{reason="band"} 3');
  expect(text).toContain('lapwing_adaptive_refused_total{reason="exits_per_hour"} 3');
});

test("request() refuses what it cannot do, and says what it can", async () => {
  const stage = staged({ ...noBand, requests_per_hour_max: 2, samples_per_hour_max: 50 });
  const schema = gauge();
  stage.run(0, 100, (second) => stage.row(schema, [second]));
  const failure = (asked: Partial<Parameters<typeof stage.adaptive.request>[0]>) =>
    stage.adaptive.request({ ...request, ...asked }).then(
      () => "",
      (thrown: unknown) => String(thrown),
    );
  expect(await failure({ match: ["a b"] })).toContain('"a b": expected a selector of series');
  expect(await failure({ fromMs: startMs - 9e6, toMs: startMs - 8e6 })).toContain(
    `holds nothing of this range, but what came since ${new Date(startMs).toISOString()}`,
  );
  expect(await stage.adaptive.request(request)).toMatchObject({ samples: 50, isCut: true });
  expect(await failure({ fromMs: startMs })).toBe("");
  expect(await failure({})).toContain("more than 2 orders an hour");
  const text = await stage.metrics.text();
  for (const reason of ["bad_request", "not_in_ring", "samples_per_hour", "requests_per_hour"])
    expect(text).toContain(`lapwing_adaptive_refused_total{reason="${reason}"}`);
});

test("a local rule that fires has its target shipped finely, or everything where it names none", async () => {
  const stage = staged({ ...noBand, before: "10s", after: "5s" });
  const near = schemaOf({ level: "gauge" });
  const far = { series: [{ __name__: "far", job: "app", instance: "b:1" }], families: [] };
  const rows = (second: number) => {
    stage.row(near, [second]);
    stage.row(far, [second]);
  };
  stage.run(0, 40, rows);
  stage.adaptive.fired({ alertname: "Full", instance: "a:1", site: "north" });
  stage.adaptive.fired({ alertname: "Slow", instance: "a:1" });
  stage.run(41, 100, rows);
  await stage.pump();
  expect(stage.of("level", startMs)).toHaveLength(7 + 14);
  expect(stage.of("far", startMs)).toHaveLength(7);
  expect(await stage.metrics.text()).toContain('lapwing_adaptive_triggers_total{reason="rule"} 1');
  stage.adaptive.fired({ alertname: "Any" });
  await stage.pump();
  expect(stage.of("far", startMs)).toHaveLength(7 + 10);
});
