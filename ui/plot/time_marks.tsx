import type { ChartAnnotation } from "./time_shared.ts";
import { useDark } from "../state/theme.ts";
import { resolveColor, withAlpha } from "./colors.ts";
import { formatExact } from "../units/format.ts";
import type { TimePlane } from "./time_plane.ts";

type Props = {
  readonly plane: TimePlane;
  readonly annotations: readonly ChartAnnotation[];
  readonly timeZone: string;
  /** Opens the form of one that was made by hand. */
  readonly onChange?: ((startMs: number, endMs: number | undefined) => void) | undefined;
};

/** Marks drawn at most: more would only be a bar of colour. */
const marksMax = 200;
/** Pixels that a tick has at least: a thumb or a pointer has to meet it. */
const tickPx = 9;

/** Annotations on a time axis: ticks, and shaded stretches, each with its words. */
export function TimeMarks({ plane, annotations, timeZone, onChange }: Props) {
  const dark = useDark();
  const { left, right, top, bottom, startMs, endMs, xOf } = plane;
  const width = right - left;
  const shown = annotations
    .filter((one) => (one.endMs ?? one.startMs) >= startMs && one.startMs <= endMs)
    .slice(0, marksMax);
  return (
    <div className="graph-annotations" style={{ left, top, width, height: bottom - top }}>
      {shown.map((one) => {
        const color = resolveColor(one.color, dark) ?? resolveColor("accent", dark) ?? "";
        const from = Math.max(0, xOf(one.startMs) - left);
        const to = Math.min(width, xOf(one.endMs ?? one.startMs) - left);
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
            {one.startMs >= startMs && (
              <i className="annotation-line" style={{ left: from, borderColor: color }} />
            )}
            <button
              type="button"
              className={from > width / 2 ? "annotation-tick late" : "annotation-tick"}
              style={{ left: from, width: Math.max(tickPx, to - from), color }}
              aria-label={`${one.title || one.text || "Annotation"}, ${formatExact(one.startMs, timeZone)}`}
              onClick={one.stored ? () => onChange?.(one.startMs, one.endMs) : undefined}
            >
              <Words one={one} timeZone={timeZone} />
            </button>
          </div>
        );
      })}
    </div>
  );
}

function Words({ one, timeZone }: { readonly one: ChartAnnotation; readonly timeZone: string }) {
  const { title, text, tags, startMs, endMs } = one;
  return (
    <span className="annotation-words" role="tooltip">
      <b>{title || text}</b>
      <span>
        {formatExact(startMs, timeZone)}
        {endMs === undefined ? "" : ` to ${formatExact(endMs, timeZone)}`}
      </span>
      {title !== "" && text !== "" && <span>{text}</span>}
      {tags.length > 0 && <span>{tags.join(", ")}</span>}
    </span>
  );
}
