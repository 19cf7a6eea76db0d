import { type Tick, clockText, dayText, timeTicks, valueTicks } from "./axis_ticks.ts";
import { type ValueUnit, scaleOf, valueText } from "./value_text.ts";

/** A line of a chart. Times are Unix milliseconds. */
export type ChartLine = {
  /** What distinguishes it from the other lines. */
  readonly name: string;
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
  /** Whether it is of an alert of the notification; the others are drawn in grey. */
  readonly isAlert: boolean;
};

/** What an alert's chart shows. */
export type AlertChart = {
  readonly title: string;
  /** What the alert is about, such as its labels. */
  readonly subtitle: string;
  readonly expression: string;
  readonly unit: ValueUnit;
  readonly lines: readonly ChartLine[];
  /** What the expression is compared with. */
  readonly threshold: { readonly value: number; readonly operator: string } | undefined;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  /** When the alert began to fire. */
  readonly firedMs: number;
  /** The newest value of the alert. */
  readonly value: number | undefined;
};

/** Of the picture, in pixels: readable at a third of it, on a phone. */
const chartSize = { width: 1_000, height: 560 } as const;
const plot = { left: 118, right: 968, top: 158, bottom: 462 } as const;
const colors = {
  text: "#17212b",
  quiet: "#55626f",
  grid: "#e3e9ed",
  bad: "#b3261e",
  other: "#b9c3cb",
  lines: ["#0a6b62", "#2a62a8", "#c98a1b", "#5b4bb3", "#9c1f6b", "#1a7444"],
} as const;
const minuteMs = 60_000;
/** The average width of a character, in its size. */
const [plainWidth, boldWidth] = [0.55, 0.6];

/** Draws a chart as SVG, with text in the font "Inter". */
export function chartSvg(chart: AlertChart): string {
  const { low, high } = domainOf(chart);
  const scale: Scale = {
    x: (ms) => between(ms, chart.startMs, chart.endMs, plot.left, plot.right),
    y: (value) => between(value, low, high, plot.bottom, plot.top),
  };
  const sizeMax = Math.max(Math.abs(low), Math.abs(high));
  const ticks = valueTicks(low, high, scaleOf(sizeMax, chart.unit));
  const { width, height } = chartSize;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter">`,
    `<defs><clipPath id="plot"><rect x="${plot.left}" y="${plot.top}" width="${plot.right - plot.left}" height="${plot.bottom - plot.top}"/></clipPath></defs>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<rect width="10" height="${height}" fill="${colors.bad}"/>`,
    ...heading(chart),
    ...grid(ticks, timeTicks(chart.startMs, chart.endMs), chart.unit, scale),
    ...firing(chart, scale),
    ...lines(chart, scale),
    ...threshold(chart, scale),
    ...flag(chart, scale),
    ...legend(chart),
    ...footer(chart),
    "</svg>",
  ].join("\n");
}

type Scale = { readonly x: (ms: number) => number; readonly y: (value: number) => number };

function between(value: number, low: number, high: number, from: number, to: number): number {
  return from + ((value - low) / (high - low)) * (to - from);
}

/** The values that the plot spans: of the alert's lines and the threshold, with 0 where that is not far. */
function domainOf({ lines: all, threshold: compared }: AlertChart) {
  const own = all.filter(({ isAlert }) => isAlert);
  let [low, high] = [Infinity, -Infinity];
  for (const { values } of own.length > 0 ? own : all)
    for (const value of values)
      if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (compared !== undefined && Number.isFinite(compared.value))
    [low, high] = [Math.min(low, compared.value), Math.max(high, compared.value)];
  if (low > high) [low, high] = [0, 1];
  if (low >= 0 && low < high * 0.6) low = 0;
  if (high <= 0 && high > low * 0.6) high = 0;
  if (low === high)
    [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2];
  const margin = (high - low) * 0.08;
  return { low: low === 0 ? 0 : low - margin, high: high === 0 ? 0 : high + margin };
}

function heading({ title, subtitle, value, unit, threshold: compared }: AlertChart): string[] {
  const shown = value === undefined ? "" : valueText(value, unit);
  const limit =
    compared === undefined
      ? ""
      : `fires ${words(compared.operator)} ${valueText(compared.value, unit)}`;
  const rightWidth = Math.max(shown.length * 46 * boldWidth, limit.length * 24 * plainWidth);
  const width = plot.right - 36 - rightWidth - 24;
  return [
    text(36, 58, fitted(title, 38, width, boldWidth), { size: 38, bold: true }),
    text(36, 98, fitted(subtitle, 24, width, plainWidth), { size: 24, fill: colors.quiet }),
    text(plot.right, 60, shown, { size: 46, bold: true, anchor: "end", fill: colors.bad }),
    text(plot.right, 98, limit, { size: 24, anchor: "end", fill: colors.quiet }),
  ];
}

function words(operator: string): string {
  return (
    { ">": "above", ">=": "from", "<": "below", "<=": "up to", "==": "at", "!=": "off" }[
      operator
    ] ?? operator
  );
}

function grid(values: readonly number[], times: readonly Tick[], unit: ValueUnit, { x, y }: Scale) {
  return [
    ...values.flatMap((value) => [
      line(plot.left, y(value), plot.right, y(value), `stroke="${colors.grid}" stroke-width="2"`),
      text(plot.left - 14, y(value) + 8, valueText(value, unit), {
        size: 24,
        anchor: "end",
        fill: colors.quiet,
      }),
    ]),
    ...times.flatMap(({ at, text: shown }) => [
      line(x(at), plot.bottom, x(at), plot.bottom + 8, `stroke="${colors.quiet}" stroke-width="2"`),
      text(Math.min(x(at), plot.right - 20), plot.bottom + 36, shown, {
        size: 24,
        anchor: "middle",
        fill: colors.quiet,
      }),
    ]),
    line(
      plot.left,
      plot.bottom,
      plot.right,
      plot.bottom,
      `stroke="${colors.quiet}" stroke-width="2"`,
    ),
  ];
}

/** The time in which it fires, shaded. */
function firing({ firedMs, startMs, endMs }: AlertChart, { x }: Scale): string[] {
  const from = Math.max(firedMs, startMs);
  if (from >= endMs) return [];
  const [left, right] = [x(from), x(endMs)];
  return [
    `<rect x="${left.toFixed(1)}" y="${plot.top}" width="${(right - left).toFixed(1)}" height="${plot.bottom - plot.top}" fill="${colors.bad}" fill-opacity="0.07"/>`,
  ];
}

function lines({ lines: all, stepMs }: AlertChart, scale: Scale): string[] {
  const others = all.filter(({ isAlert }) => !isAlert);
  const own = all.filter(({ isAlert }) => isAlert);
  return [
    '<g clip-path="url(#plot)" fill="none" stroke-linejoin="round" stroke-linecap="round">',
    ...others.map(
      (each) =>
        `<path d="${pathOf(each, stepMs, scale)}" stroke="${colors.other}" stroke-width="2.5"/>`,
    ),
    ...own
      .map(
        (each, i) =>
          `<path d="${pathOf(each, stepMs, scale)}" stroke="${colorOf(i)}" stroke-width="5"/>`,
      )
      .toReversed(),
    "</g>",
  ];
}

function colorOf(i: number): string {
  return colors.lines[i % colors.lines.length] ?? colors.text;
}

/** A line breaks where a value is missing. */
function pathOf({ timesMs, values }: ChartLine, stepMs: number, { x, y }: Scale): string {
  const parts: string[] = [];
  let lastMs = -Infinity;
  for (const [i, ms] of timesMs.entries()) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    const point = `${x(ms).toFixed(1)} ${y(value).toFixed(1)}`;
    // The end of a lone point makes a dot.
    parts.push(ms - lastMs > stepMs * 1.5 ? `M${point}L${point}` : `L${point}`);
    lastMs = ms;
  }
  return parts.join("");
}

function threshold({ threshold: compared, unit }: AlertChart, { y }: Scale): string[] {
  if (compared === undefined || !Number.isFinite(compared.value)) return [];
  const at = y(compared.value);
  const shown = valueText(compared.value, unit);
  const above = at - plot.top > 40;
  return [
    line(
      plot.left,
      at,
      plot.right,
      at,
      `stroke="${colors.bad}" stroke-width="3" stroke-dasharray="12 8"`,
    ),
    text(plot.left + 10, above ? at - 10 : at + 28, `threshold ${shown}`, {
      size: 22,
      fill: colors.bad,
      halo: true,
    }),
  ];
}

/** Marks when it began to fire. */
function flag({ firedMs, startMs, endMs }: AlertChart, { x }: Scale): string[] {
  if (firedMs <= startMs || firedMs > endMs) return [];
  const at = x(firedMs);
  const shown = `firing since ${endMs - startMs > 36 * 60 * minuteMs ? dayText(Math.floor(firedMs / minuteMs) * minuteMs) : clockText(firedMs)}`;
  const width = shown.length * 22 * plainWidth + 24;
  const left = Math.min(Math.max(plot.left, at - width / 2), plot.right - width);
  return [
    line(at, plot.top - 4, at, plot.bottom, `stroke="${colors.bad}" stroke-width="3"`),
    `<rect x="${left.toFixed(1)}" y="${plot.top - 38}" width="${width.toFixed(1)}" height="34" rx="6" fill="${colors.bad}"/>`,
    text(left + width / 2, plot.top - 13, shown, {
      size: 22,
      anchor: "middle",
      fill: "#ffffff",
      bold: true,
    }),
  ];
}

/** Which line is which, where there are several. */
function legend({ lines: all }: AlertChart): string[] {
  const own = all.filter(({ isAlert }) => isAlert);
  if (own.length < 2) return [];
  const parts: string[] = [];
  let left = 36;
  for (const [i, { name }] of own.entries()) {
    const shown = fitted(name, 22, 260, plainWidth);
    const width = 30 + shown.length * 22 * plainWidth + 22;
    const isLast = left + width > plot.right - 90;
    if (isLast) {
      parts.push(text(left, 530, `+${own.length - i}`, { size: 22, fill: colors.quiet }));
      break;
    }
    parts.push(
      `<rect x="${left}" y="518" width="20" height="8" rx="4" fill="${colorOf(i)}"/>`,
      text(left + 28, 530, shown, { size: 22 }),
    );
    left += width;
  }
  return parts;
}

function footer({ expression, lines: all }: AlertChart): string[] {
  const hasLegend = all.filter(({ isAlert }) => isAlert).length > 1;
  const shown = hasLegend ? "" : fitted(expression.replaceAll(/\s+/g, " "), 20, 790, plainWidth);
  return [
    text(36, 530, shown, { size: 20, fill: colors.quiet }),
    text(plot.right, 530, "times in UTC", { size: 20, anchor: "end", fill: colors.quiet }),
  ];
}

type TextStyle = {
  readonly size: number;
  readonly fill?: string;
  readonly bold?: boolean;
  readonly anchor?: "start" | "middle" | "end";
  /** A white edge, for text over lines. */
  readonly halo?: boolean;
};

function text(x: number, y: number, shown: string, style: TextStyle): string {
  if (shown === "") return "";
  const { size, fill = colors.text, bold = false, anchor = "start", halo = false } = style;
  const weight = bold ? ' font-weight="700"' : "";
  const place = `x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" text-anchor="${anchor}"${weight}`;
  const edge = halo
    ? `<text ${place} fill="#ffffff" stroke="#ffffff" stroke-width="6" stroke-linejoin="round">${escaped(shown)}</text>`
    : "";
  return `${edge}<text ${place} fill="${fill}">${escaped(shown)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" ${style}/>`;
}

/** Cut to a width, with "…" at its end. */
function fitted(shown: string, size: number, width: number, characterWidth: number): string {
  const most = Math.max(1, Math.floor(width / (size * characterWidth)));
  const characters = Array.from(shown);
  return characters.length <= most ? shown : `${characters.slice(0, most - 1).join("")}…`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Characters that XML does not have are left out. */
function escaped(shown: string): string {
  return shown
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "")
    .replaceAll(/[&<>"]/g, (sign) => entities[sign] ?? "");
}
