import type { ReactNode } from "react";
import { phoneQuery, useMedia } from "../../state/media.ts";
import type { LegendOptions } from "./legend_options.ts";

/** Entries beyond these would be a list of their own. */
const entriesMax = 100;
/** A panel smaller than this has room for its picture alone. */
const heightMin = 120;
const widthMin = 260;
/** Of a row, in the sheet; what a thumb meets is taller. */
const rowPx = { pointer: 20, phone: 28 } as const;

export type LegendEntry = {
  readonly key: string;
  readonly name: string;
  readonly color: string;
  readonly value?: string;
};

/**
 * A picture with its legend below or at its right. The legend takes a third of the panel at most, and nothing where there is
 * no room for both. A click leaves one entry alone, or with Ctrl takes one away; `hidden` holds the keys that are away.
 */
export function WithLegend({
  entries,
  options,
  width,
  height,
  hidden,
  onHide,
  children,
}: {
  readonly entries: readonly LegendEntry[];
  readonly options: LegendOptions;
  readonly width: number;
  readonly height: number;
  readonly hidden: ReadonlySet<string>;
  readonly onHide: ((hidden: ReadonlySet<string>) => void) | undefined;
  readonly children: (width: number, height: number) => ReactNode;
}) {
  const px = useMedia(phoneQuery) ? rowPx.phone : rowPx.pointer;
  const isShown =
    options.show && entries.length > 0 && height >= heightMin && width >= widthMin / 2;
  if (!isShown) return children(width, height);
  const isRight = options.placement === "right" && width >= widthMin;
  const size = isRight
    ? Math.min(240, Math.round(width * 0.38))
    : // Whole rows: half of one would look like a fault.
      px * Math.min(rowsOf(entries, width), Math.max(1, Math.floor(height / 3 / px)));
  const legend = (
    <Legend entries={entries} isColumn={isRight} size={size} hidden={hidden} onHide={onHide} />
  );
  return (
    <div className={isRight ? "panel-split right" : "panel-split"}>
      {isRight ? children(width - size - 8, height) : children(width, height - size - 4)}
      {legend}
    </div>
  );
}

/** An estimate, which is enough to set aside a place: what is longer scrolls. */
function rowsOf(entries: readonly LegendEntry[], width: number): number {
  const chars = entries.reduce(
    (sum, { name, value = "" }) => sum + Math.min(name.length, 40) + value.length + 5,
    0,
  );
  return Math.max(1, Math.ceil((chars * 7) / width));
}

function Legend({
  entries,
  isColumn,
  size,
  hidden,
  onHide,
}: {
  readonly entries: readonly LegendEntry[];
  readonly isColumn: boolean;
  readonly size: number;
  readonly hidden: ReadonlySet<string>;
  readonly onHide: ((hidden: ReadonlySet<string>) => void) | undefined;
}) {
  const pick = (key: string, isToggle: boolean): void => {
    const others = entries.map((entry) => entry.key).filter((other) => other !== key);
    if (isToggle) {
      const next = new Set(hidden);
      if (!next.delete(key)) next.add(key);
      onHide?.(next);
      return;
    }
    const isAlone = !hidden.has(key) && others.every((other) => hidden.has(other));
    onHide?.(new Set(isAlone ? [] : others));
  };
  return (
    <ul
      className={isColumn ? "panel-legend column" : "panel-legend"}
      aria-label="Legend"
      style={isColumn ? { width: size } : { height: size }}
    >
      {entries.slice(0, entriesMax).map((entry) => (
        <li key={entry.key} className={hidden.has(entry.key) ? "off" : ""}>
          {onHide === undefined ? (
            <span className="panel-legend-entry">
              <Entry entry={entry} />
            </span>
          ) : (
            <button
              type="button"
              className="panel-legend-entry"
              aria-pressed={!hidden.has(entry.key)}
              title={entry.name}
              onClick={(event) => pick(entry.key, event.ctrlKey || event.metaKey)}
            >
              <Entry entry={entry} />
            </button>
          )}
        </li>
      ))}
      {entries.length > entriesMax && (
        <li className="panel-more">and {entries.length - entriesMax} more</li>
      )}
    </ul>
  );
}

function Entry({ entry }: { readonly entry: LegendEntry }) {
  return (
    <>
      <span className="swatch block" style={{ background: entry.color }} />
      <span className="clip">{entry.name}</span>
      {entry.value !== undefined && <span className="panel-legend-value">{entry.value}</span>}
    </>
  );
}
