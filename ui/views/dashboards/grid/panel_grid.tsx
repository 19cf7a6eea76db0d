import type { CSSProperties, ReactNode } from "react";
import type { Place } from "#shared/dashboards/dashboard.ts";
import { pixelsOf } from "../../../dashboards/model/layout.ts";
import type { ShownPanel } from "../../../dashboards/model/repeat.ts";

type Props = {
  readonly panels: readonly ShownPanel[];
  readonly children: (shown: ShownPanel) => ReactNode;
};

/** Panels where their places are; one below the other on a phone. */
export function PanelGrid({ panels, children }: Props) {
  const inOrder = panels.toSorted((a, b) => a.place.y - b.place.y || a.place.x - b.place.x);
  return (
    <div className="panel-grid">
      {inOrder.map((shown) => (
        <div key={shown.key} className="panel-cell" style={cellStyle(shown.place)}>
          {children(shown)}
        </div>
      ))}
    </div>
  );
}

function cellStyle({ x, y, w, h }: Place): CSSProperties {
  const places: Record<string, string> = {
    "--column": `${x + 1} / span ${w}`,
    "--row": `${y + 1} / span ${h}`,
    "--height": `${pixelsOf(h)}px`,
    "--phone": w <= 6 ? "1" : "2",
  };
  return places;
}
