import { expect, test } from "bun:test";
import { compileAlertText } from "./alert_text.ts";
import { AlertStates } from "./alert_states.ts";

const text = (source: string) => ({ of: compileAlertText(source) });
const rule = {
  alert: "Full",
  for: 60,
  keep_firing_for: 0,
  labels: { severity: text("page") },
  annotations: { summary: text("{{ $labels.device }} of {{ $labels.agent }} is at {{ $value }}") },
};
const sample = (device: string, value = 1) => ({ labels: { device }, value });

/** Evaluations at the given times; each gives states by device, and what was resolved. */
function run(
  own: typeof rule,
  steps: readonly (readonly [ms: number, samples: readonly ReturnType<typeof sample>[]])[],
) {
  const states = new AlertStates();
  return steps.map(([ms, samples]) => {
    const resolved = states.update(own, samples, { agent: "web-1" }, ms, true);
    const shown = [...states.alerts.values()].map(
      ({ labels, firedMs }) =>
        `${labels["device"]} ${firedMs === undefined ? "pending" : `firing since ${firedMs}`}`,
    );
    return [...shown, ...resolved.map(({ labels }) => `${labels["device"]} resolved`)];
  });
}

test("an alert is pending until it held for the rule's time, and resolved when it holds no more", () => {
  const steps = run(rule, [
    [0, [sample("a")]],
    [59, [sample("a"), sample("b")]],
    [60, [sample("a"), sample("b")]],
    [90, [sample("a")]],
    [100, []],
    [110, [sample("a")]],
  ]);
  expect(steps).toEqual([
    ["a pending"],
    ["a pending", "b pending"],
    ["a firing since 60", "b pending"],
    ["a firing since 60"],
    ["a resolved"],
    ["a pending"],
  ]);
});

test("without a time it fires at once, and keep_firing_for holds it over gaps", () => {
  const steps = run({ ...rule, for: 0, keep_firing_for: 50 }, [
    [0, [sample("a")]],
    [10, []],
    [40, [sample("a")]],
    [50, []],
    [99, []],
    [100, []],
  ]);
  const fires = ["a firing since 0"];
  expect(steps).toEqual([fires, fires, fires, fires, fires, ["a resolved"]]);
});

test("an alert has the labels of its sample, its rule and its agent, and texts of the last value", () => {
  const states = new AlertStates();
  states.update(rule, [sample("a", 5)], { agent: "web-1", device: "none" }, 0, true);
  states.update(rule, [sample("a", 7)], { agent: "web-1", device: "none" }, 1, true);
  const [alert] = [...states.alerts.values()];
  expect(alert).toMatchObject({
    labels: { agent: "web-1", device: "a", severity: "page", alertname: "Full" },
    annotations: { summary: "a of web-1 is at 7" },
    value: 7,
    activeMs: 0,
  });
});

test("while samples may still be missing nothing is resolved, and what holds still counts", () => {
  const states = new AlertStates();
  const own = { ...rule, for: 10 };
  states.update(own, [sample("a"), sample("b")], {}, 0, true);
  states.update(own, [sample("a")], {}, 10, false);
  expect([...states.alerts.values()].map(({ firedMs }) => firedMs)).toEqual([10, undefined]);
  expect(states.update(own, [], {}, 20, false)).toEqual([]);
  expect(states.alerts.size).toBe(2);
  expect(states.update(own, [], {}, 30, true)).toHaveLength(1);
});

test("alerts with equal labels, or too many, are refused and change nothing", () => {
  const states = new AlertStates();
  states.update(rule, [sample("a")], {}, 0, true);
  expect(() => states.update(rule, [sample("b"), sample("b")], {}, 1, true)).toThrow("same labels");
  const many = Array.from({ length: 501 }, (_, i) => sample(String(i)));
  expect(() => states.update(rule, many, {}, 1, true)).toThrow("501 alerts, expected 500 at most");
  expect([...states.alerts.values()].map(({ labels }) => labels["device"])).toEqual(["a"]);
});

const write = (source: string, value: number) => compileAlertText(source)({ a: "x{{" }, value);

test("compileAlertText() writes labels and values as Prometheus's templates do", () => {
  expect(write("{{ $labels.a }}, {{$labels.none}}{{ .Labels.a }}: {{ .Value }}", 1.5)).toBe(
    "x{{, x{{: 1.5",
  );
  expect(write("{{ $value | humanize }} {{ $value | humanize1024 }}", 1_536_000)).toBe(
    "1.536M 1.465Mi",
  );
  expect(write("{{ $value | humanizePercentage }}", 0.95123)).toBe("95.12%");
  expect(write('{{ printf "%.1f" $value }} {{ $value | printf "%.2f" }}', 3.14159)).toBe(
    "3.1 3.14",
  );
  const spans = [0, 0.0125, 59.5, 61, 3_600, 90_061, Infinity];
  expect(spans.map((one) => write("{{ $value | humanizeDuration }}", one))).toEqual([
    "0s",
    "12.5ms",
    "59.5s",
    "1m 1s",
    "1h 0m 0s",
    "1d 1h 1m 1s",
    "Infinity",
  ]);
});

test("compileAlertText() refuses what it does not know, and tells what it does", () => {
  for (const source of [
    "{{ query `up` }}",
    "{{ $labels }}",
    "{{ $value | toUpper }}",
    "{{ $value | constructor }}",
  ])
    expect(() => compileAlertText(source)).toThrow("humanizePercentage");
  expect(() => compileAlertText("a {{ $value")).toThrow('"{{" is not closed');
});
