import { useMemo, useState } from "react";
import { interpolate } from "../../../dashboards/model/interpolate.ts";
import type { ShownPanel } from "../../../dashboards/model/repeat.ts";
import { framesToCsv, framesToJson, framesToText } from "../../../frames/export.ts";
import type { Frame } from "../../../frames/frame.ts";
import { Sheet } from "../../../overlays/sheet.tsx";
import { Tabs } from "../../../overlays/tabs.tsx";
import { useSearchChange } from "../../../state/page_range.ts";
import { CopyButton } from "../../../widgets/copy_button.tsx";
import { ExportMenu } from "../../../widgets/export_menu.tsx";
import { ErrorText } from "../../../widgets/error_text.tsx";
import { Empty, Skeleton } from "../../../widgets/picture.tsx";
import { FramesTable } from "./frames_table.tsx";
import { InspectQueries } from "./inspect_queries.tsx";
import { useBoard } from "../state/board_context.ts";
import { shownPanel } from "../state/shown_panel.ts";
import { usePanel, type PanelData } from "../state/use_panel.ts";
import type { VariableStates } from "../state/use_variables.ts";
import { Button } from "../../../elements/buttons.tsx";

const tabs = ["data", "json", "queries"] as const;

type Props = {
  /** "7", or "7:web-1" for a copy of a repeated panel. */
  readonly panelKey: string;
  readonly tab: string | undefined;
  readonly states: VariableStates;
  readonly onClose: () => void;
};

/** As wide as most panels: the inspector shows what they ask. */
const width = 800;

/** What stands behind a panel: its data as a table, its definition, and its queries as they were asked. */
export function InspectSheet({ panelKey, tab, states, onClose }: Props) {
  const { dashboard } = useBoard();
  const shown = useMemo(
    () => shownPanel(dashboard, states, panelKey),
    [dashboard, states, panelKey],
  );
  if (shown === undefined) {
    return (
      <Sheet open onOpenChange={onClose} title="Inspect" size="wide">
        <Empty title={`This dashboard has no panel ${panelKey}`}>It may have been removed.</Empty>
      </Sheet>
    );
  }
  return <Inspect key={shown.key} shown={shown} tab={tab} onClose={onClose} />;
}

function Inspect({
  shown: { panel, scoped },
  tab,
  onClose,
}: Pick<Props, "tab" | "onClose"> & {
  readonly shown: ShownPanel;
}) {
  const search = useSearchChange();
  const data = usePanel(panel, scoped, width, true);
  const [isRaw, setRaw] = useState(false);
  const at = tabs.find((each) => each === tab) ?? "data";
  const frames: readonly Frame[] = isRaw ? data.raw : data.frames;
  const title = interpolate(panel.title, data.moment.variables, "text");
  const json = useMemo(() => JSON.stringify(panel, undefined, 2), [panel]);
  return (
    <Sheet open onOpenChange={onClose} title={`Inspect ${title}`} size="wide">
      <Tabs
        label="Inspect"
        value={at}
        onChange={(next) => search({ tab: next })}
        tabs={[
          { value: "data", label: "Data" },
          { value: "json", label: "Panel as JSON" },
          { value: "queries", label: "Queries", count: data.plan.questions.length },
        ]}
      >
        {at === "data" && (
          <>
            <div className="toolbar">
              <Button pressed={isRaw} onClick={() => setRaw(!isRaw)}>
                Before transformations
              </Button>
              <span className="spacer" />
              <ExportMenu
                name={title === "" ? `panel ${panel.id}` : title}
                word
                csv={() => framesToCsv(frames)}
                json={() => framesToJson(frames)}
                table={() => framesToText(frames)}
              />
            </div>
            <Frames data={data} frames={frames} />
          </>
        )}
        {at === "json" && (
          <>
            <CopyButton label="Copy the JSON" text={json} word="Copy" />
            <pre className="code-block" tabIndex={0}>
              {json}
            </pre>
          </>
        )}
        {at === "queries" && <InspectQueries data={data} />}
      </Tabs>
    </Sheet>
  );
}

/** Not yet there, failed and empty are told apart. */
function Frames({
  data: { isLoading, complaints },
  frames,
}: {
  readonly data: PanelData;
  readonly frames: readonly Frame[];
}) {
  if (isLoading) return <Skeleton rows={8} height={28} />;
  return (
    <>
      {complaints.map(({ ref, error }, i) => (
        <ErrorText key={i} error={error} {...(ref !== "" && { what: `Query ${ref}` })} />
      ))}
      {(frames.length > 0 || complaints.length === 0) && <FramesTable frames={frames} />}
    </>
  );
}
