import { html } from "hono/html";
import { type HostFigure, type HostRing, ringLength } from "./host_ring.ts";
import { bytesText, shortText } from "./plain_text.ts";

type Line = { readonly figure: HostFigure; readonly name: string };
type Chart = {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly text: (value: number) => string;
  /** The scale's end; the largest value where absent. */
  readonly top?: number;
};

const percent = (value: number) => `${shortText(Math.round(value * 1_000) / 10)} %`;
const speed = (value: number) => `${bytesText(value)}/s`;

const charts: readonly Chart[] = [
  { title: "CPU in use", lines: [{ figure: "cpu", name: "" }], text: percent, top: 1 },
  { title: "Memory in use", lines: [{ figure: "memory", name: "" }], text: percent, top: 1 },
  {
    title: "Fullest filesystem",
    lines: [{ figure: "filesystem", name: "" }],
    text: percent,
    top: 1,
  },
  { title: "Load, 1 minute", lines: [{ figure: "load", name: "" }], text: shortText },
  {
    title: "Disks",
    lines: [
      { figure: "disk_read", name: "read" },
      { figure: "disk_written", name: "written" },
    ],
    text: speed,
  },
  {
    title: "Network",
    lines: [
      { figure: "received", name: "received" },
      { figure: "sent", name: "sent" },
    ],
    text: speed,
  },
];

const height = 60;

/** The host's last hour as small line charts. */
export function hostCharts(ring: HostRing, nowMs: number) {
  return charts.map((chart) => chartOf(chart, ring, nowMs));
}

function chartOf({ title, lines, text, top }: Chart, ring: HostRing, nowMs: number) {
  const drawn = lines.map((line) => ({ ...line, points: ring.points(line.figure, nowMs) }));
  const all = drawn.flatMap(({ points }) => [...points]).filter((value) => !Number.isNaN(value));
  const most = all.reduce((largest, value) => Math.max(largest, value), 0);
  const name =
    title === "Fullest filesystem" && ring.fullest !== "" ? `${title}: ${ring.fullest}` : title;
  if (all.length === 0)
    return html`<figure>
      <figcaption>${name} <span class="quiet">no samples yet</span></figcaption>
      <svg aria-hidden="true"></svg>
    </figure>`;
  const now = drawn.map(({ name: own, points }, i) => {
    const last = points.findLast((value) => !Number.isNaN(value)) ?? 0;
    return html`<b class="${i === 0 ? "first" : "other"}"
      >${own === "" ? "" : `${own} `}${text(last)}</b
    > `;
  });
  const label = `${name}: at most ${text(most)} in the last hour`;
  return html`<figure>
    <figcaption>${name} ${now}<span class="quiet">max ${text(most)}</span></figcaption>
    <svg
      viewBox="0 0 ${ringLength - 1} ${height}"
      preserveAspectRatio="none"
      role="img"
      aria-label="${label}"
    >
      ${drawn.map(({ points }, i) => pieces(points, top ?? most).map((piece) => html`<polyline class="${i === 0 ? "" : "second"}" points="${piece}" />`))}
    </svg>
  </figure>`;
}

/** A line for each stretch without a gap; a point alone is a short one. */
function pieces(points: Float32Array, top: number): string[] {
  const found: string[][] = [];
  let isOpen = false;
  for (const [i, value] of points.entries()) {
    if (Number.isNaN(value)) {
      isOpen = false;
      continue;
    }
    const y = height - (top > 0 ? Math.min(Math.max(value / top, 0), 1) * height : 0);
    const place = `${i},${y.toFixed(1)}`;
    if (isOpen) found.at(-1)?.push(place);
    else found.push([place]);
    isOpen = true;
  }
  return found.map((places) =>
    places.length > 1
      ? places.join(" ")
      : `${places[0] ?? ""} ${places[0]?.replace(/^\d+/, (x) => String(Number(x) + 1)) ?? ""}`,
  );
}
