import { useEffect, useRef, useState } from "react";
import { panelOf, rowOf, withPlaces } from "../../../dashboards/edit/change.ts";
import { nudged } from "../../../dashboards/edit/place.ts";
import type { Editor } from "../state/use_editor.ts";
import { Button } from "../../../elements/buttons.tsx";

type Props = {
  readonly editor: Editor;
  readonly panelId: number;
  readonly onDone: () => void;
};

const steps: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The mode in which arrows move a panel, and with Shift resize it. Says what happened, for those who do not see it. */
export function PlaceByKeys({ editor, panelId, onDone }: Props) {
  const { dashboard, change } = editor;
  const element = useRef<HTMLDivElement>(null);
  const [said, setSaid] = useState("");
  const panel = panelOf(dashboard, panelId);
  useEffect(() => element.current?.focus(), []);
  useEffect(() => {
    document.querySelector(`[data-panel="${panelId}"]`)?.scrollIntoView({ block: "nearest" });
  }, [panelId, dashboard]);
  if (panel === undefined) return null;
  const press = (event: React.KeyboardEvent): void => {
    if (event.key === "Escape" || event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      onDone();
      return;
    }
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const [dx, dy] = step;
    const row = rowOf(dashboard, panelId);
    if (row === undefined) return;
    const places = nudged(row.panels, panelId, { dx, dy, resize: event.shiftKey });
    change((now) => withPlaces(now, row.id, places), `place ${panelId}`);
    const place = places.get(panelId);
    if (place !== undefined) {
      setSaid(`column ${place.x + 1}, line ${place.y + 1}, ${place.w} wide, ${place.h} high`);
    }
  };
  const { x, y, w, h } = panel.place;
  return (
    <div
      ref={element}
      className="place-by-keys"
      role="group"
      aria-label={`Place of ${panel.title}`}
      tabIndex={0}
      onKeyDown={press}
    >
      <span>
        <strong className="clip">{panel.title === "" ? `Panel ${panelId}` : panel.title}</strong>{" "}
        arrows move, Shift and arrows resize, Enter ends
      </span>
      <span className="quiet" role="status">
        {said === "" ? `column ${x + 1}, line ${y + 1}, ${w} wide, ${h} high` : said}
      </span>
      <Button onClick={onDone}>Done</Button>
    </div>
  );
}
