import type uPlot from "uplot";
import { formatExact, formatValue, type Unit } from "../units/format.ts";

const rowsMax = 12;

/** A tooltip inside a chart: the values at the crosshair, largest first. Names are set as text, never as markup. */
export function createTooltip(
  unit: Unit,
  timeZone: string,
): {
  readonly attach: (chart: uPlot) => void;
  readonly update: (chart: uPlot) => void;
} {
  const box = document.createElement("div");
  box.className = "tooltip";
  box.hidden = true;
  return {
    attach: (chart) => {
      chart.over.append(box);
      chart.over.addEventListener("mouseleave", () => {
        box.hidden = true;
      });
    },
    update: (chart) => {
      const { idx, left = -1, top = -1 } = chart.cursor;
      // Crosshairs of other charts come with an event of theirs: only the chart under the pointer explains itself.
      if (idx === null || idx === undefined || left < 0 || !chart.over.matches(":hover")) {
        box.hidden = true;
        return;
      }
      box.replaceChildren(...content(chart, idx, unit, timeZone));
      box.hidden = false;
      place(box, chart.over, left, top);
    },
  };
}

function content(chart: uPlot, idx: number, unit: Unit, timeZone: string): HTMLElement[] {
  const cursorValue = chart.posToVal(chart.cursor.top ?? 0, "y");
  const shown = chart.series.flatMap((series, i) => {
    const value = i === 0 || series.show === false ? undefined : chart.data[i]?.[idx];
    return value === undefined || value === null ? [] : [{ series, value }];
  });
  const nearest = shown.reduce<(typeof shown)[number] | undefined>(
    (best, row) =>
      best === undefined || Math.abs(row.value - cursorValue) < Math.abs(best.value - cursorValue)
        ? row
        : best,
    undefined,
  );
  const rest = shown.filter((row) => row !== nearest).toSorted((a, b) => b.value - a.value);
  const rows = nearest === undefined ? [] : [nearest, ...rest];
  const head = element("div", "tooltip-time", formatExact(chart.data[0]?.[idx] ?? 0, timeZone));
  const lines = rows.slice(0, rowsMax).map(({ series, value }, i) => {
    const line = element("div", i === 0 && rows.length > 1 ? "tooltip-row nearest" : "tooltip-row");
    const swatch = element("span", "swatch");
    const stroke = typeof series.stroke === "function" ? series.stroke(chart, 0) : series.stroke;
    swatch.style.background = typeof stroke === "string" ? stroke : "";
    const label = typeof series.label === "string" ? series.label : "";
    line.append(
      swatch,
      element("span", "tooltip-name", label),
      element("span", "tooltip-value", formatValue(value, unit)),
    );
    return line;
  });
  if (rows.length === 0) lines.push(element("div", "tooltip-more", "no sample at this time"));
  if (rows.length > rowsMax) {
    lines.push(element("div", "tooltip-more", `and ${rows.length - rowsMax} more`));
  }
  return [head, ...lines];
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Beside the crosshair, on the side where there is room. */
function place(box: HTMLElement, over: HTMLElement, left: number, top: number): void {
  const room = over.clientWidth - left;
  const x = room > box.offsetWidth + 24 ? left + 12 : left - box.offsetWidth - 12;
  const y = Math.max(-8, Math.min(top - 12, over.clientHeight - box.offsetHeight + 24));
  box.style.transform = `translate(${Math.max(-40, x)}px, ${y}px)`;
}
