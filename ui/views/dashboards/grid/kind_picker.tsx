import { useMemo, useState } from "react";
import { Dialog } from "../../../overlays/dialog.tsx";
import { PanelBody } from "../../../panels/panel_body.tsx";
import type { PanelKind } from "../../../panels/panel_kind.ts";
import { panelKinds } from "../../../panels/registry.ts";
import { useTimeZone } from "../../../state/time_zone.ts";
import { FilterBox } from "../../../widgets/filter_box.tsx";
import { Empty } from "../../../widgets/picture.tsx";

type Props = {
  readonly onPick: (kind: PanelKind) => void;
  readonly onClose: () => void;
};

/** All kinds of panels, each with a sample of what it looks like. */
export default function KindPicker({ onPick, onClose }: Props) {
  const [words, setWords] = useState("");
  const wanted = words.toLowerCase();
  const shown = panelKinds.filter(({ name, description }) =>
    `${name} ${description}`.toLowerCase().includes(wanted),
  );
  return (
    <Dialog open onOpenChange={onClose} title="Add a panel" size="wide">
      <FilterBox label="Search kinds" value={words} onChange={setWords} slash={false} />
      {shown.length === 0 && (
        <Empty title="No kind matches">Search for what it draws, such as bars or a map.</Empty>
      )}
      <ul className="kinds">
        {shown.map((kind) => (
          <li key={kind.kind} className="kind">
            <button type="button" className="kind-name" onClick={() => onPick(kind)}>
              {kind.name}
            </button>
            <span className="quiet">{kind.description}</span>
            {kind.asks && <Sample kind={kind} />}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

const nothing = (): void => {};

function Sample({ kind }: { readonly kind: PanelKind }) {
  const timeZone = useTimeZone();
  const frames = useMemo(() => kind.sample(), [kind]);
  const window = useMemo(() => {
    const times = frames.flatMap(({ fields }) => {
      const time = fields.find(({ type }) => type === "time");
      return time === undefined ? [] : [Number(time.values[0]), Number(time.values.at(-1))];
    });
    const known = times.filter((ms) => Number.isFinite(ms));
    const nowMs = Date.now();
    return known.length === 0
      ? { startMs: nowMs - 3_600_000, endMs: nowMs }
      : { startMs: Math.min(...known), endMs: Math.max(...known) };
  }, [frames]);
  return (
    // A picture beside its name: what is in it can't be used.
    <div className="kind-sample" aria-hidden="true" inert>
      <PanelBody
        kind={kind.kind}
        options={{}}
        title={kind.name}
        frames={frames}
        window={window}
        stepMs={60_000}
        timeZone={timeZone}
        crosshair=""
        annotations={[]}
        isSample
        onZoom={nothing}
        onZoomOut={nothing}
        onFilter={undefined}
        onAnnotate={undefined}
        interpolate={(text) => text}
        linksOf={() => []}
      />
    </div>
  );
}
