/** What a value is measured in. */
export type ValueUnit = "none" | "percent" | "ratio" | "bytes" | "bytes_per_second" | "seconds";

/** The unit that an expression's text names: by the endings of metric names, as Prometheus's naming rules have them. */
export function unitOf(expression: string): ValueUnit {
  if (/(?:\*\s*100|100\s*\*)(?![\d.])/.test(expression)) return "percent";
  const isRate = /\b(?:irate|rate|deriv)\s*\(/.test(expression);
  const isShare = /_(\w+?)(?:_total)?\b[^/]*\/[^/]*_\1\b/.test(expression);
  if (/_percent(?:age)?\b/.test(expression)) return "percent";
  if (/_ratio\b/.test(expression)) return "ratio";
  const hasBytes = /_bytes(?:_total|_sum)?\b/.test(expression);
  const hasSeconds = /_seconds(?:_total|_sum|_bucket)?\b/.test(expression);
  // What is divided by its own kind has no unit.
  if (isShare && (hasBytes || hasSeconds)) return "ratio";
  if (hasBytes) return isRate ? "bytes_per_second" : "bytes";
  if (/\bhistogram_quantile\s*\(/.test(expression) && hasSeconds) return "seconds";
  // The rate of a counter of seconds is a share of time.
  return hasSeconds && !isRate ? "seconds" : "none";
}

/** A value with its unit, in three digits: "97.2 %", "1.5 GiB", "350 ms". */
export function valueText(value: number, unit: ValueUnit): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "−Inf";
  switch (unit) {
    case "none":
      return scaled(value, 1_000, decimal);
    case "percent":
      return `${digits(value)} %`;
    case "ratio":
      return `${digits(value * 100)} %`;
    case "bytes":
      return scaled(value, 1_024, binary);
    case "bytes_per_second":
      return `${scaled(value, 1_024, binary)}/s`;
    case "seconds":
      return secondsText(value);
  }
}

/** What one step of an axis is counted in, so that its labels are round: 1,024 for bytes, 60 for minutes. */
export function scaleOf(sizeMax: number, unit: ValueUnit): number {
  switch (unit) {
    case "none":
    case "percent":
      return 1;
    case "ratio":
      return 0.01;
    case "bytes":
    case "bytes_per_second":
      return 1_024 ** Math.max(0, Math.floor(Math.log(Math.max(1, sizeMax)) / Math.log(1_024)));
    case "seconds":
      return sizeMax >= 2 * 86_400 ? 86_400 : sizeMax >= 7_200 ? 3_600 : sizeMax >= 120 ? 60 : 1;
  }
}

const decimal = ["", " k", " M", " G", " T", " P"];
const binary = [" B", " KiB", " MiB", " GiB", " TiB", " PiB"];

function scaled(value: number, base: number, names: readonly string[]): string {
  let [shown, i] = [value, 0];
  while (Math.abs(shown) >= base && i < names.length - 1) {
    shown /= base;
    i++;
  }
  return `${digits(shown)}${names[i] ?? ""}`;
}

function secondsText(value: number): string {
  const size = Math.abs(value);
  if (size >= 86_400) return `${digits(value / 86_400)} d`;
  if (size >= 3_600) return `${digits(value / 3_600)} h`;
  if (size >= 60) return `${digits(value / 60)} min`;
  if (size >= 1 || size === 0) return `${digits(value)} s`;
  return size >= 1e-3 ? `${digits(value * 1e3)} ms` : `${digits(value * 1e6)} µs`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6 || size < 1e-4) return minus(value.toExponential(1));
  const places = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3 - Math.ceil(Math.log10(size));
  const text = value.toFixed(Math.max(0, places));
  return minus(text.includes(".") ? text.replace(/\.?0+$/, "") : text);
}

function minus(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}
