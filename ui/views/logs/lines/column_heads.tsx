import { useRef } from "react";
import { Menu } from "../../../overlays/menu.tsx";
import { moved, printColumns, resized, withColumn } from "../state/columns.ts";
import type { LogsState } from "../state/logs_search.ts";

const keyStepPx = 16;

/** Names over the columns: a menu moves and removes one, its edge is dragged to another width. */
export function ColumnHeads({ state }: { readonly state: LogsState }) {
  const drag = useRef<{ readonly x: number; readonly width: number }>(undefined);
  const { columns, change } = state;
  const set = (next: typeof columns): void => change({ cols: printColumns(next) });
  return (
    <div className="logs-heads">
      <span className="logs-head-time">Time</span>
      <span className="logs-head-level">Level</span>
      {columns.map(({ name, width }) => (
        <span key={name} className="logs-head-cell" style={{ width }}>
          <Menu
            label={`Column ${name}`}
            align="start"
            trigger={
              <button type="button" className="clip" title={name}>
                {name}
              </button>
            }
            entries={[
              { label: "Move left", icon: "back", onSelect: () => set(moved(columns, name, -1)) },
              {
                label: "Move right",
                icon: "forward",
                onSelect: () => set(moved(columns, name, 1)),
              },
              { label: "Remove", icon: "cross", onSelect: () => set(withColumn(columns, name)) },
            ]}
          />
          <span
            className="logs-head-edge"
            role="separator"
            aria-orientation="vertical"
            aria-label={`Width of ${name}`}
            aria-valuenow={width}
            aria-valuemin={48}
            aria-valuemax={800}
            tabIndex={0}
            onKeyDown={(event) => {
              const by =
                event.key === "ArrowLeft" ? -keyStepPx : event.key === "ArrowRight" ? keyStepPx : 0;
              if (by === 0) return;
              event.preventDefault();
              set(resized(columns, name, width + by));
            }}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              drag.current = { x: event.clientX, width };
            }}
            onPointerMove={(event) => {
              const from = drag.current;
              if (from !== undefined)
                set(resized(columns, name, from.width + event.clientX - from.x));
            }}
            onPointerUp={() => {
              drag.current = undefined;
            }}
          />
        </span>
      ))}
      <span>Line</span>
    </div>
  );
}
