import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";

/** A text with the alert's labels and value in it. */
export type AlertText = (labels: Labels, value: number) => string;

const action = /\{\{-?\s*(.*?)\s*-?\}\}/gs;
const field = /^(?:\$labels|\.Labels)\.([a-zA-Z_][a-zA-Z0-9_]*)$/;
const valueField = /^(?:\$value|\.Value)(?:\s*\|\s*(?:(\w+)|printf\s+"%\.(\d)f"))?$/;
const printed = /^printf\s+"%\.(\d)f"\s+(?:\$value|\.Value)$/;

const humanizers: Readonly<Record<string, (value: number) => string>> = {
  humanize: (value) => prefixed(value, 1_000, ["", "k", "M", "G", "T", "P", "E", "Z", "Y"]),
  humanize1024: (value) =>
    prefixed(value, 1_024, ["", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"]),
  humanizePercentage: (value) => `${short(value * 100)}%`,
  humanizeDuration,
};

/** Reads a text with `{{ $labels.NAME }}` and `{{ $value }}`, as Prometheus's rules have them. Throws OperatingError("bad_request"). */
export function compileAlertText(source: string): AlertText {
  const parts: (string | AlertText)[] = [];
  let at = 0;
  for (const { 0: whole, 1: content = "", index } of source.matchAll(action)) {
    parts.push(source.slice(at, index), actionOf(content));
    at = index + whole.length;
  }
  const rest = source.slice(at);
  if (rest.includes("{{")) throw new OperatingError("bad_request", `"{{" is not closed by "}}"`);
  parts.push(rest);
  return (labels, value) =>
    parts.map((part) => (typeof part === "string" ? part : part(labels, value))).join("");
}

function actionOf(content: string): AlertText {
  const name = field.exec(content)?.[1];
  if (name !== undefined) return (labels) => labels[name] ?? "";
  const digits = printed.exec(content)?.[1] ?? valueField.exec(content)?.[2];
  if (digits !== undefined) return (_, value) => value.toFixed(Number(digits));
  const found = valueField.exec(content);
  const humanizer = found?.[1];
  if (found !== null && humanizer === undefined) return (_, value) => String(value);
  const humanized = Object.hasOwn(humanizers, humanizer ?? "")
    ? humanizers[humanizer ?? ""]
    : undefined;
  if (humanized !== undefined) return (_, value) => humanized(value);
  const known = Object.keys(humanizers).join(", ");
  throw new OperatingError(
    "bad_request",
    `{{ ${content} }} is not known to agents: expected $labels.NAME, or $value with | and one of ${known}, printf "%.2f"`,
  );
}

/** Four digits. */
function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}

function prefixed(value: number, base: number, prefixes: readonly string[]): string {
  let [rest, step] = [value, 0];
  while (Math.abs(rest) >= base && step < prefixes.length - 1)
    [rest, step] = [rest / base, step + 1];
  return `${short(rest)}${prefixes[step] ?? ""}`;
}

/** Seconds: "1d 2h 3m 4s", "1.5s", "12ms". */
function humanizeDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return String(seconds);
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? "-" : "";
  if (size < 1) return size === 0 ? "0s" : `${sign}${short(size * 1_000)}ms`;
  if (size < 60) return `${sign}${short(size)}s`;
  const whole = Math.floor(size);
  const parts = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3_600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  const first = parts.findIndex((part) => part > 0);
  return (
    sign +
    parts
      .map((part, i) => `${part}${"dhms"[i] ?? ""}`)
      .slice(first)
      .join(" ")
  );
}
