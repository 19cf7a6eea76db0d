import type uPlot from "uplot";
import type { ChartAnnotation } from "../../panels/panel_kind.ts";
import { formatExact } from "../format.ts";
import { resolveColor, withAlpha } from "../colors.ts";

type Props = {
  readonly chart: uPlot;
  readonly annotations: readonly ChartAnnotation[];
  readonly dark: boolean;
  readonly timeZone: string;
  /** Changes whenever the chart's axes do. */
  readonly drawn: number;
};

/** Marks drawn at most: more would only be a bar of colour. */
const marksMax = 200;

/** Ticks on the time axis, and shaded stretches, each with its words. */
export function GraphAnnotations({ chart, annotations, dark, timeZone }: Props) {
  const { min = 0, max = 0 } = chart.scales["x"] ?? {};
  const { offsetLeft, offsetTop, clientWidth, clientHeight } = chart.over;
  const shown = annotations
    .filter(({ startMs, endMs = startMs }) => endMs >= min && startMs <= max)
    .slice(0, marksMax);
  return (
    <div
      className="graph-annotations"
      style={{ left: offsetLeft, top: offsetTop, width: clientWidth, height: clientHeight }}
    >
      {shown.map((one) => {
        const color = resolveColor(one.color, dark) ?? resolveColor("accent", dark) ?? "";
        const from = Math.max(0, chart.valToPos(one.startMs, "x"));
        const to = Math.min(clientWidth, chart.valToPos(one.endMs ?? one.startMs, "x"));
        return (
          <div key={one.id}>
            {one.endMs !== undefined && (
              <i
                className="annotation-region"
                style={{
                  left: from,
                  width: Math.max(1, to - from),
                  background: withAlpha(color, 0.12),
                }}
              />
            )}
            {one.startMs >= min && (
              <i className="annotation-line" style={{ left: from, borderColor: color }} />
            )}
            <button
              type="button"
              className="annotation-tick"
              style={{ left: from, width: Math.max(9, to - from), color }}
              aria-label={`${one.title || one.text || "Annotation"}, ${formatExact(one.startMs, timeZone)}`}
            >
              <span className="annotation-words" role="tooltip">
                <b>{one.title || one.text}</b>
                <span>
                  {formatExact(one.startMs, timeZone)}
                  {one.endMs === undefined ? "" : ` to ${formatExact(one.endMs, timeZone)}`}
                </span>
                {one.title !== "" && one.text !== "" && <span>{one.text}</span>}
                {one.tags.length > 0 && <span>{one.tags.join(", ")}</span>}
              </span>
            </button>
          </div>
        );
      })}
    </div>
  );
}
