import { useMemo, useState } from "react";
import type { Panel } from "#shared/dashboards/dashboard.ts";
import { panelOf, withChangedPanel } from "../../../dashboards/edit/change.ts";
import { Combobox } from "../../../overlays/combobox.tsx";
import { Tabs } from "../../../overlays/tabs.tsx";
import { panelKinds } from "../../../panels/registry.ts";
import { useSearchChange } from "../../../state/page_range.ts";
import { Empty } from "../../../widgets/picture.tsx";
import { fieldName } from "../../../dashboards/model/field_options.ts";
import type { VariableValues } from "../../../dashboards/model/interpolate.ts";
import { repeated } from "../../../dashboards/model/repeat.ts";
import { useBoard } from "../state/board_context.ts";
import { PanelView } from "../grid/panel_view.tsx";
import type { Editor } from "../state/use_editor.ts";
import type { PanelData } from "../state/use_panel.ts";
import { PanelForm } from "./panel_form.tsx";
import { QueriesForm } from "./queries_form.tsx";
import { TransformationsForm } from "./transformations_form.tsx";
import type { Frame } from "../../../frames/frame.ts";
import { Button } from "../../../elements/buttons.tsx";

type Props = {
  readonly editor: Editor;
  readonly panelId: number;
};

const none: VariableValues = new Map();
const noFrames: readonly Frame[] = [];

/** One panel with everything that makes it: what it asks, what is done with the answers, and how they look. */
export default function PanelEditor({ editor, panelId }: Props) {
  const search = useSearchChange();
  const panel = panelOf(editor.dashboard, panelId);
  const [tab, setTab] = useState<"queries" | "transformations">("queries");
  const [data, setData] = useState<PanelData>();
  const names = useMemo(() => namesIn(data), [data]);
  const scoped = useFirstCopy(editor, panelId);
  const back = (
    <Button kind="primary" onClick={() => search({ panel: "" }, { replace: false })}>
      Back to the dashboard
    </Button>
  );
  if (panel === undefined) {
    return <Empty title={`This dashboard has no panel ${panelId}`}>It was removed. {back}</Empty>;
  }
  const change = (next: (panel: Panel) => Panel, kind?: string): void =>
    editor.change(
      (now) => withChangedPanel(now, panelId, next),
      kind === undefined ? undefined : `${panelId} ${kind}`,
    );
  return (
    <div className="panel-editor">
      <div className="panel-editor-head">
        {back}
        <span className="variable-label">Kind</span>
        <Combobox
          label="Kind"
          value={panel.kind}
          options={panelKinds.map(({ kind, name, description }) => ({
            value: kind,
            label: name,
            detail: description,
          }))}
          onChange={(kind) => change((now) => ofKind(now, kind))}
        />
      </div>
      <div className="panel-editor-main">
        <div className="panel-preview">
          <PanelView panel={panel} scoped={scoped} onData={setData} />
        </div>
        <Tabs
          label="What makes the panel"
          value={tab}
          onChange={setTab}
          tabs={[
            { value: "queries", label: "Queries", count: panel.queries.length },
            {
              value: "transformations",
              label: "Transformations",
              count: panel.transformations.length,
            },
          ]}
        >
          {tab === "queries" ? (
            <QueriesForm panel={panel} data={data} change={change} />
          ) : (
            <TransformationsForm
              transformations={panel.transformations}
              raw={data?.raw ?? noFrames}
              onChange={(transformations) => change((now) => ({ ...now, transformations }))}
            />
          )}
        </Tabs>
      </div>
      <div className="panel-editor-side">
        <PanelForm panel={panel} editor={editor} fieldNames={names} change={change} />
      </div>
    </div>
  );
}

/** What the first copy of a repeated panel or row has: the panel is shown as that one. */
function useFirstCopy({ dashboard: { rows } }: Editor, panelId: number): VariableValues {
  const { variables } = useBoard().scope;
  return useMemo(() => {
    const all = repeated(rows, variables).rows.flatMap((row) => row.panels);
    return all.find(({ panel }) => panel.id === panelId)?.scoped ?? none;
  }, [rows, variables, panelId]);
}

function namesIn(data: PanelData | undefined): readonly string[] {
  const names = (data?.frames ?? []).flatMap(({ fields }) => fields.map(fieldName));
  return [...new Set(names)].slice(0, 500);
}

/** Options of another kind mean nothing to it; what all kinds know stays. */
function ofKind(panel: Panel, kind: string): Panel {
  if (panel.kind === kind) return panel;
  const { custom: _custom, ...field } = panel.field;
  const overrides = panel.overrides.map(({ match, set: { custom: _own, ...set } }) => ({
    match,
    set,
  }));
  return { ...panel, kind, options: {}, field, overrides };
}
