import { useEffect, useState } from "react";
import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { ColorField } from "../../../dashboards/form/color_field.tsx";
import { ChoiceField, FormField, TextField } from "../../../dashboards/form/fields.tsx";
import { WordsField } from "../../../dashboards/form/words_field.tsx";
import { allPanels } from "../../../dashboards/edit/change.ts";
import { MultiCombobox } from "../../../overlays/combobox.tsx";
import { Switch } from "../../../overlays/switch.tsx";
import type { Editor } from "../state/use_editor.ts";
import { type DataSource, isDataSource } from "../../../frames/data_source.ts";
import { Button } from "../../../elements/buttons.tsx";

type Source = Dashboard["annotations"][number];

const sources = [
  { value: "stored", label: "Made by hand" },
  { value: "metrics", label: "Metrics: where the value is not zero" },
  { value: "logs", label: "Logs: each line" },
] as const;

/** Where the marks on the time axis come from. */
export function AnnotationsForm({ editor }: { readonly editor: Editor }) {
  const { dashboard, change } = editor;
  const { annotations } = dashboard;
  const panels = allPanels(dashboard).map(({ id, title }) => ({
    value: String(id),
    label: title === "" ? `Panel ${id}` : title,
  }));
  const set = (next: Source[]): void =>
    change((now) => ({ ...now, annotations: next }), "annotations");
  return (
    <div className="variables-form">
      <p className="quiet">
        Those made by hand are always shown: click a chart with Ctrl to make one, or drag with Ctrl
        for a stretch of time.
      </p>
      {annotations.map((source, i) => (
        <section key={i} className="query-card" aria-label={`Annotations ${source.name}`}>
          <SourceFields
            source={source}
            panels={panels}
            onChange={(next) => set(annotations.with(i, next))}
          />
          <Button icon="trash" onClick={() => set(annotations.toSpliced(i, 1))}>
            Remove
          </Button>
        </section>
      ))}
      <Button
        icon="plus"
        onClick={() =>
          set([
            ...annotations,
            {
              name: `Annotations ${annotations.length + 1}`,
              enabled: true,
              hidden: false,
              color: "blue",
              source: "metrics",
              expr: "",
              tags: [],
              panels: [],
            },
          ])
        }
      >
        Add annotations
      </Button>
    </div>
  );
}

function SourceFields({
  source,
  panels,
  onChange,
}: {
  readonly source: Source;
  readonly panels: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (source: Source) => void;
}) {
  return (
    <div className="form-grid">
      <TextField
        label="Name"
        value={source.name}
        onChange={(name) => {
          if (name !== "") onChange({ ...source, name });
        }}
      />
      <ColorField
        label="Colour"
        value={source.color}
        onChange={(color) => onChange({ ...source, color })}
      />
      <ChoiceField
        label="From"
        value={source.source}
        choices={sources}
        onChange={(next) => {
          const found = sources.find(({ value }) => value === next)?.value;
          if (found !== undefined) onChange({ ...source, source: found });
        }}
      />
      {isDataSource(source.source) && (
        <ExpressionFields source={source} kind={source.source} onChange={onChange} />
      )}
      <WordsField
        label="Tags"
        description={
          source.source === "stored"
            ? "Those with one of these; all where there are none."
            : undefined
        }
        value={source.tags}
        onChange={(tags) => onChange({ ...source, tags })}
      />
      <FormField label="In the panels">
        <MultiCombobox
          label="In the panels"
          placeholder="All"
          options={panels}
          values={source.panels.map(String)}
          onChange={(ids) => onChange({ ...source, panels: ids.map(Number) })}
        />
      </FormField>
      <Switch
        label="Shown"
        checked={source.enabled}
        onChange={(enabled) => onChange({ ...source, enabled })}
      />
      <Switch
        label="No button above the panels"
        checked={source.hidden}
        onChange={(hidden) => onChange({ ...source, hidden })}
      />
    </div>
  );
}

const placeholders: Readonly<Record<DataSource, string>> = {
  metrics: "changes(version[5m]) > 0",
  logs: '{job="deploy"}',
};

function ExpressionFields({
  source,
  kind,
  onChange,
}: {
  readonly source: Source;
  readonly kind: DataSource;
  readonly onChange: (source: Source) => void;
}) {
  const [expr, setExpr] = useState(source.expr);
  useEffect(() => setExpr(source.expr), [source.expr]);
  return (
    <>
      <div className="whole" onBlur={() => onChange({ ...source, expr })}>
        <TextField
          label="Expression"
          value={expr}
          code
          placeholder={placeholders[kind]}
          onChange={setExpr}
        />
      </div>
      <TextField
        label="Title"
        value={source.title ?? ""}
        placeholder="{{label}} is filled in"
        onChange={(title) => onChange({ ...source, title })}
      />
      <TextField
        label="Text"
        value={source.text ?? ""}
        onChange={(text) => onChange({ ...source, text })}
      />
    </>
  );
}
