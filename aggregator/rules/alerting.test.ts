import { expect, test } from "bun:test";
import { AlertingState } from "./alerting.ts";
import type { AlertingRule, RuleSample } from "./rule.ts";

const minuteMs = 60_000;
const rule = (changed: Partial<AlertingRule> = {}): AlertingRule => ({
  kind: "alerting",
  name: "High",
  expr: "x > 1",
  query: "x > 1",
  language: "promql",
  labels: {},
  annotations: {},
  forMs: 0,
  keepFiringMs: 0,
  ...changed,
});
const x = (host: string, value: number): RuleSample => ({
  labels: { __name__: "x", host },
  value,
});

function stateOf(changed: Partial<AlertingRule> = {}) {
  const state = new AlertingState(rule(changed), true);
  const at = (minute: number, samples: readonly RuleSample[], limit = 0) =>
    state.evaluate(
      samples,
      {
        timeMs: minute * minuteMs,
        externalLabels: { region: "eu" },
        externalUrl: "http://here:1/a/",
        query: async (text) => [{ labels: { of: text }, value: 7 }],
      },
      limit,
    );
  const shown = () => state.all.map((alert) => `${alert.labels["host"]} ${alert.state}`);
  return { state, at, shown };
}

test("an alert is pending while its expression holds for less than `for`, then fires, and is resolved when it holds no more", async () => {
  const { state, at, shown } = stateOf({ forMs: 2 * minuteMs });
  expect(await at(0, [x("a", 2)])).toEqual([
    {
      labels: { host: "a", alertname: "High", __name__: "ALERTS", alertstate: "pending" },
      value: 1,
    },
    { labels: { host: "a", alertname: "High", __name__: "ALERTS_FOR_STATE" }, value: 0 },
  ]);
  await at(1, [x("a", 3), x("b", 2)]);
  expect(shown()).toEqual(["a pending", "b pending"]);
  await at(2, [x("a", 4)]);
  expect(shown()).toEqual(["a firing"]);
  expect(state.active).toMatchObject([{ value: 4, activeMs: 0, firedMs: 2 * minuteMs }]);
  expect(await at(3, [])).toEqual([]);
  expect(shown()).toEqual(["a inactive"]);
  expect([state.active, state.state]).toEqual([[], "inactive"]);
  // Kept for a while, so that receivers hear of it; then forgotten.
  await at(18, []);
  expect(shown()).toEqual(["a inactive"]);
  await at(19, []);
  expect(shown()).toEqual([]);
});

test("a resolved alert that holds again starts over", async () => {
  const { state, at } = stateOf({ forMs: minuteMs });
  for (const minute of [0, 1]) await at(minute, [x("a", 2)]);
  await at(2, []);
  await at(3, [x("a", 2)]);
  expect(state.all).toMatchObject([
    { state: "pending", activeMs: 3 * minuteMs, resolvedMs: undefined },
  ]);
});

test("keep_firing_for keeps an alert firing after its expression stopped to hold", async () => {
  const { state, at, shown } = stateOf({ keepFiringMs: 2 * minuteMs });
  await at(0, [x("a", 2)]);
  await at(1, []);
  expect(state.active).toMatchObject([{ state: "firing", keptSinceMs: minuteMs }]);
  await at(2, [x("a", 2)]);
  expect(state.active[0]?.keptSinceMs).toBeUndefined();
  for (const minute of [3, 4]) await at(minute, []);
  expect(shown()).toEqual(["a firing"]);
  await at(5, []);
  expect(shown()).toEqual(["a inactive"]);
});

test("labels and annotations are templates; labels without a value are left out", async () => {
  const { state, at } = stateOf({
    labels: {
      host: "{{ $labels.host | toUpper }}",
      none: "{{ $labels.missing }}",
      severity: "page",
    },
    annotations: {
      summary: "{{ $labels.host }} in {{ $externalLabels.region }} is {{ $value | humanize }}",
      asked: `{{ with query "up" }}{{ . | first | value }} {{ . | first | label "of" }}{{ . | first | label "constructor" }}{{ end }}`,
      link: "{{ externalURL }} {{ pathPrefix }}",
      broken: "{{ .Nope.Really }}",
      wrong: "{{ if }}",
    },
  });
  await at(0, [x("a", 1234567)]);
  expect(state.all).toMatchObject([
    {
      labels: { alertname: "High", host: "A", severity: "page" },
      annotations: {
        summary: "a in eu is 1.235M",
        asked: "7 up",
        link: "http://here:1/a/ /a/",
        broken: expect.stringMatching(/^<error expanding template: /),
        wrong: "<error expanding template: missing value for if>",
      },
    },
  ]);
  expect(Object.keys(state.all[0]?.labels ?? {})).not.toContain("none");
});

test("two samples that make the same alert are refused, and change nothing", async () => {
  const { at, shown } = stateOf({ labels: { host: "same" } });
  await at(0, [x("a", 2)]);
  expect(at(1, [x("a", 2), x("b", 2)])).rejects.toThrow(
    "vector contains metrics with the same labelset after applying alert labels",
  );
  expect(shown()).toEqual(["same firing"]);
});

test("more alerts than the limit fail the rule, and none is left", async () => {
  const { at, shown } = stateOf();
  await at(0, [x("a", 2), x("b", 2)], 2);
  expect(at(1, [x("a", 2), x("b", 2), x("c", 2)], 2)).rejects.toThrow(
    "exceeded limit of 2 with 3 alerts",
  );
  expect(shown()).toEqual([]);
});

test("a firing alert waits again when a reload has raised `for` beyond its age", async () => {
  const before = stateOf({ forMs: minuteMs });
  await before.at(0, [x("a", 2)]);
  await before.at(1, [x("a", 2)]);
  expect(before.shown()).toEqual(["a firing"]);
  const { state, at, shown } = stateOf({ forMs: 3 * minuteMs });
  state.takeOver(before.state);
  await at(2, [x("a", 2)]);
  expect(shown()).toEqual(["a pending"]);
  expect(state.active).toMatchObject([{ activeMs: 0, firedMs: undefined }]);
  await at(3, [x("a", 2)]);
  expect(state.active).toMatchObject([{ state: "firing", firedMs: 3 * minuteMs }]);
});

test("a template that asks without end is stopped", async () => {
  const { state, at } = stateOf({
    annotations: { many: `{{ range $i := 100 }}{{ query (printf "x%d" $i) }}{{ end }}` },
  });
  await at(0, [x("a", 2)]);
  expect(state.all[0]?.annotations["many"]).toBe(
    "<error expanding template: more than 50 queries>",
  );
});
