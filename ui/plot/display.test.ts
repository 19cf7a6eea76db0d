import { expect, test } from "bun:test";
import type { FieldOptions } from "#shared/dashboards/dashboard.ts";
import { resolveColor, withAlpha } from "./colors.ts";
import { fieldStyles } from "./color_modes.ts";
import { displayOf, displayText } from "./display.ts";
import type { Field } from "../frames/frame.ts";

const field = (
  options: FieldOptions,
  values: Field["values"] = Float64Array.of(0, 100),
): Field => ({
  name: "cpu",
  type: typeof values[0] === "string" ? "string" : "number",
  labels: {},
  values,
  options,
});
const context = { dark: true, timeZone: "utc" };

test("displayOf() writes by unit and decimals", () => {
  const display = displayOf(field({ unit: "bytes", decimals: 2, no_value: "none" }), context);
  expect(displayText(display(2_048))).toBe("2.00 KiB");
  expect(displayText(display(Number.NaN))).toBe("none");
});

test("displayOf() maps values, ranges, patterns and special values, the first that fits", () => {
  const display = displayOf(
    field({
      unit: "percent",
      mappings: [
        { kind: "value", value: "1", result: { text: "up", color: "green" } },
        { kind: "range", from: 2, to: null, result: { color: "#f00" } },
        { kind: "regex", pattern: "^node-(\\d+)$", result: { text: "number $1" } },
        { kind: "special", match: "null+nan", result: { text: "gone" } },
      ],
    }),
    context,
  );
  expect(display(1)).toMatchObject({ text: "up", suffix: "", color: "#73bf69" });
  expect(display(50)).toMatchObject({ text: "50", suffix: " %", color: "#f00" });
  expect(display("node-7").text).toBe("number 7");
  expect(display(Number.NaN).text).toBe("gone");
  expect(display(0.5)).toMatchObject({ text: "0.5", color: undefined });
});

test("displayOf() survives a pattern that does not compile", () => {
  const mappings = [{ kind: "regex", pattern: "(", result: { text: "x" } }] as const;
  expect(displayOf(field({ mappings: [...mappings] }), context)("a").text).toBe("a");
});

test("displayOf() colours by thresholds and scales", () => {
  const steps = [
    { value: null, color: "green" },
    { value: 80, color: "red" },
  ];
  const absolute = displayOf(
    field({ color: { mode: "thresholds" }, thresholds: { mode: "absolute", steps } }),
    context,
  );
  expect([absolute(79).color, absolute(80).color]).toEqual(["#73bf69", "#f2495c"]);
  const percentage = displayOf(
    field({
      color: { mode: "thresholds" },
      min: 0,
      max: 10,
      thresholds: { mode: "percentage", steps },
    }),
    context,
  );
  expect([percentage(7.9).color, percentage(8).color]).toEqual(["#73bf69", "#f2495c"]);
  expect(percentage(8).part).toBe(0.8);
  const scale = displayOf(field({ color: { mode: "continuous-GrYlRd" } }), context);
  expect([scale(0).color, scale(50).color, scale(100).color]).toEqual([
    "#73bf69",
    "#fade2a",
    "#f2495c",
  ]);
});

test("resolveColor() takes names, hex and rgb, and nothing else", () => {
  expect(resolveColor("semi-dark-blue", true)).toBe("#3274d9");
  expect(resolveColor("rgba(255, 0, 0, 0.5)", true)).toBe("#ff000080");
  expect(resolveColor("#ABC", true)).toBe("#abc");
  for (const hostile of [
    "url(//x)",
    "red;background:url(x)",
    "var(--x)",
    "#12345",
    "expression(1)",
  ]) {
    expect(resolveColor(hostile, true)).toBeUndefined();
  }
  expect(withAlpha("#abc", 0.5)).toBe("#aabbcc80");
});

test("fieldStyles() gives fixed colours, those by value, and a stable palette", () => {
  const fixed = { ...field({ color: { mode: "fixed", fixed: "blue" } }), labels: { a: "1" } };
  const byValue = { ...field({ color: { mode: "thresholds" } }), labels: { a: "2" } };
  const free = { ...field({}), labels: { a: "3" } };
  const styles = fieldStyles([fixed, byValue, free], true);
  expect(styles.map(({ color }) => color).slice(0, 2)).toEqual(["#5794f2", "#f2495c"]);
  expect(fieldStyles([free], true)[0]).toEqual(styles[2]);
});

const seriesOf = (name: string, host: string) => ({ ...field({}), name, labels: { host } });

test("fieldStyles() tells series of the same labels apart by their names, and leaves the colours of others", () => {
  const [received, sent, other] = fieldStyles(
    [seriesOf("a in", "a"), seriesOf("a out", "a"), seriesOf("b in", "b")],
    true,
  );
  expect(received?.color).not.toBe(sent?.color ?? "");
  expect(fieldStyles([seriesOf("b out", "b")], true)[0]).toEqual(other);
});
