import { useMemo, useRef, type ReactNode } from "react";
import { GridLayout, type Layout } from "react-grid-layout";
import "react-grid-layout/css/styles.css";
import type { Place } from "#shared/dashboards/dashboard.ts";
import { gridColumns, gridGapPixels, gridRowPixels } from "../../../dashboards/model/layout.ts";
import type { ShownPanel, ShownRow } from "../../../dashboards/model/repeat.ts";
import { useWidth } from "../../../state/width.ts";

type Props = {
  readonly shown: ShownRow;
  /** New places of the row's panels, by id. */
  readonly onPlaces: (places: ReadonlyMap<number, Place>) => void;
  readonly children: (shown: ShownPanel) => ReactNode;
};

const gridConfig = {
  cols: gridColumns,
  rowHeight: gridRowPixels,
  margin: [gridGapPixels, gridGapPixels],
  containerPadding: [0, 0],
} as const;
const dragConfig = { handle: ".board-panel-head", cancel: "button, a, input" } as const;
const resizeConfig = { handles: ["se"] } as const;

/** The panels of a row, dragged by their heads and resized at their corners. Copies of a repeated panel move with it. */
export default function EditGrid({ shown, onPlaces, children }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const width = useWidth(element);
  const originals = shown.panels.filter(({ original }) => original);
  const layout = useMemo(
    () => originals.map(({ panel }): Layout[number] => ({ i: String(panel.id), ...panel.place })),
    [originals],
  );
  const take = (next: Layout): void =>
    onPlaces(new Map(next.map(({ i, x, y, w, h }) => [Number(i), { x, y, w, h }])));
  return (
    <div ref={element} className="edit-grid">
      {width > 0 && (
        <GridLayout
          width={width}
          layout={layout}
          gridConfig={gridConfig}
          dragConfig={dragConfig}
          resizeConfig={resizeConfig}
          onDragStop={take}
          onResizeStop={take}
        >
          {originals.map((each) => (
            <div key={String(each.panel.id)} className="panel-cell">
              {children(each)}
            </div>
          ))}
        </GridLayout>
      )}
    </div>
  );
}
