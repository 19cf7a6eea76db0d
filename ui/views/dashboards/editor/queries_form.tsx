import { lazy, Suspense, useEffect, useRef, useState } from "react";
import type { Panel, PanelQuery } from "#shared/dashboards/dashboard.ts";
import {
  ChoiceField,
  JsonField,
  NumberField,
  TextField,
} from "../../../dashboards/form/fields.tsx";
import { Switch } from "../../../overlays/switch.tsx";
import { ErrorText } from "../../../widgets/error_text.tsx";
import { assertNever } from "#shared/assert.ts";
import { messageOf } from "#shared/errors.ts";
import { type DataSource, isDataSource, languageOf } from "../../../frames/data_source.ts";
import { allPanels } from "../../../dashboards/edit/change.ts";
import { useBoard } from "../state/board_context.ts";
import type { PanelData } from "../state/use_panel.ts";
import type { ChangePanel } from "./panel_form.tsx";
import { Button, IconButton } from "../../../elements/buttons.tsx";

const PromqlEditor = lazy(() => import("../../../editor/promql_editor.tsx"));
const LogqlEditor = lazy(() => import("../../../editor/logql_editor.tsx"));

type Props = {
  readonly panel: Panel;
  readonly data: PanelData | undefined;
  readonly change: ChangePanel;
};

const sources = [
  { value: "metrics", label: "Metrics" },
  { value: "logs", label: "Logs" },
  { value: "expression", label: "Expression" },
  { value: "panel", label: "Another panel" },
] as const;

/** What a panel asks, a card a query. */
export function QueriesForm({ panel, data, change }: Props) {
  const set = (queries: PanelQuery[]): void => change((now) => ({ ...now, queries }), "queries");
  const add = (): void =>
    set([
      ...panel.queries,
      {
        ref: nextRef(panel.queries),
        source: nextSource(panel.queries),
        expr: "",
        format: "time_series",
      },
    ]);
  return (
    <div className="queries-form">
      {panel.queries.map((query, i) => (
        <QueryCard
          key={query.ref}
          panel={panel}
          query={query}
          data={data}
          onChange={(next) => set(panel.queries.with(i, next))}
          onDuplicate={() =>
            set(panel.queries.toSpliced(i + 1, 0, { ...query, ref: nextRef(panel.queries) }))
          }
          onRemove={() => set(panel.queries.toSpliced(i, 1))}
        />
      ))}
      <Button icon="plus" onClick={add}>
        Add query
      </Button>
    </div>
  );
}

/** A new query asks what the last one asks. */
function nextSource(queries: readonly PanelQuery[]): DataSource {
  const last = queries.at(-1)?.source ?? "";
  return isDataSource(last) ? last : "metrics";
}

const expressionKinds = [
  { value: "math", label: "Math over queries" },
  { value: "reduce", label: "One value of each series" },
  { value: "resample", label: "Values on another step" },
  { value: "threshold", label: "Whether a threshold holds" },
  { value: "classic_conditions", label: "Whether conditions hold" },
];

type CardProps = {
  readonly panel: Panel;
  readonly query: PanelQuery;
  readonly data: PanelData | undefined;
  readonly onChange: (query: PanelQuery) => void;
  readonly onDuplicate: () => void;
  readonly onRemove: () => void;
};

function QueryCard({ panel, query, data, onChange, onDuplicate, onRemove }: CardProps) {
  const { ref, source, hidden = false } = query;
  const asked = data?.plan.questions.find((each) => each.ref === ref);
  return (
    <section className="query-card" aria-label={`Query ${ref}`}>
      <div className="query-card-head">
        <strong>{ref}</strong>
        <ChoiceField
          label={`Source of ${ref}`}
          value={source}
          choices={
            source === "sql" || source === "unsupported"
              ? [...sources, { value: source, label: "Not known here" }]
              : sources
          }
          onChange={(next) => {
            const found = sources.find(({ value }) => value === next)?.value;
            if (found === undefined) return;
            const isNew = found === "expression" && query.options?.["type"] === undefined;
            onChange({ ...query, source: found, ...(isNew && { options: { type: "math" } }) });
          }}
        />
        <span className="spacer" />
        {asked !== undefined && <span className="quiet">step {asked.stepMs / 1_000} s</span>}
        <IconButton
          icon={hidden ? "minus" : "eye"}
          label={`Hide ${ref}`}
          pressed={hidden}
          title={hidden ? "Hidden: only expressions use it" : "Hide"}
          onClick={() => onChange({ ...query, hidden: !hidden })}
        />
        <IconButton icon="copy" label={`Duplicate ${ref}`} onClick={onDuplicate} />
        <IconButton icon="trash" label={`Remove ${ref}`} onClick={onRemove} />
      </div>
      <QueryBody panel={panel} query={query} data={data} onChange={onChange} />
    </section>
  );
}

/** What a query asks, by its source. */
function QueryBody({
  panel,
  query,
  data,
  onChange,
}: Pick<CardProps, "panel" | "query" | "data" | "onChange">) {
  const { ref, source } = query;
  const complaint = data?.complaints.find((each) => each.ref === ref);
  const asked = data?.plan.questions.find((each) => each.ref === ref);
  switch (source) {
    case "metrics":
    case "logs": {
      const common = { query, source, data, onChange };
      return (
        <>
          <QueryText {...common} error={complaint?.error} />
          {complaint !== undefined && <ErrorText error={complaint.error} query={asked?.expr} />}
          <QueryOptions query={query} onChange={onChange} />
        </>
      );
    }
    case "panel":
      return <OtherPanel panel={panel} query={query} onChange={onChange} />;
    case "expression":
    case "sql":
    case "unsupported":
      return <ExpressionText query={query} error={complaint?.error} onChange={onChange} />;
    default:
      return assertNever(source);
  }
}

/** What is computed over the other queries: its kind, its text, and its options as they are. */
function ExpressionText({
  query,
  error,
  onChange,
}: {
  readonly query: PanelQuery;
  readonly error: unknown;
  readonly onChange: (query: PanelQuery) => void;
}) {
  const { source } = query;
  return (
    <>
      {source === "expression" && (
        <ChoiceField
          label="Computes"
          value={String(query.options?.["type"])}
          choices={expressionKinds}
          onChange={(type) => onChange({ ...query, options: { ...query.options, type } })}
        />
      )}
      <TextField
        label="Expression"
        value={query.expr}
        code
        placeholder="$A + $B, or A for all but math"
        onChange={(expr) => onChange({ ...query, expr })}
      />
      <JsonField
        label="Its options"
        value={query.options}
        onChange={(options) => onChange(withOptions(query, options))}
      />
      {error !== undefined && <ErrorText error={error} query={query.expr} />}
    </>
  );
}

type TextProps = {
  readonly query: PanelQuery;
  readonly source: DataSource;
  readonly data: PanelData | undefined;
  readonly error: unknown;
  readonly onChange: (query: PanelQuery) => void;
};

const editors = { promql: PromqlEditor, logql: LogqlEditor };

/** The text of a query. It is asked when it is run, or left. */
function QueryText({ query, source, data, error, onChange }: TextProps) {
  const { expr, ref } = query;
  const [draft, setDraft] = useState(expr);
  const latest = useRef({ draft, expr, onChange, query });
  latest.current = { draft, expr, onChange, query };
  useEffect(() => setDraft(expr), [expr]);
  const run = (text: string): void => {
    if (text !== latest.current.expr)
      latest.current.onChange({ ...latest.current.query, expr: text });
  };
  const Editor = editors[languageOf(source)];
  const window = data?.moment.window ?? { startMs: Date.now() - 3_600_000, endMs: Date.now() };
  return (
    <div className="query-text" onBlur={() => run(latest.current.draft)}>
      <Suspense fallback={<div className="query-text-waiting">{expr}</div>}>
        <Editor
          value={draft}
          onChange={setDraft}
          onRun={run}
          label={`Query ${ref}`}
          window={window}
          {...(error === undefined ? {} : { error: messageOf(error) })}
        />
      </Suspense>
      <Button icon="play" disabled={draft === expr} onClick={() => run(draft)}>
        Run
      </Button>
    </div>
  );
}

const formats = [
  { value: "time_series", label: "Time series" },
  { value: "table", label: "Table" },
  { value: "heatmap", label: "Heatmap" },
] as const;

function QueryOptions({
  query,
  onChange,
}: {
  readonly query: PanelQuery;
  readonly onChange: (query: PanelQuery) => void;
}) {
  return (
    <div className="query-options">
      <TextField
        label="Legend"
        value={query.legend ?? ""}
        placeholder="{{label}}; automatic where empty"
        onChange={(legend) => {
          const { legend: _before, ...rest } = query;
          onChange(legend === "" ? rest : { ...rest, legend });
        }}
      />
      <ChoiceField
        label="As"
        value={query.format}
        choices={formats}
        onChange={(next) =>
          onChange({
            ...query,
            format: formats.find(({ value }) => value === next)?.value ?? "time_series",
          })
        }
      />
      <TextField
        label="Smallest step"
        value={query.step_min ?? ""}
        placeholder="auto"
        onChange={(text) => {
          const { step_min: _before, ...rest } = query;
          onChange(text === "" ? rest : { ...rest, step_min: text });
        }}
      />
      {query.source === "logs" && (
        <NumberField
          label="Lines at most"
          value={query.limit}
          bounds={{ min: 1, max: 100_000, whole: true }}
          placeholder="1000"
          onChange={(limit) => {
            const { limit: _before, ...rest } = query;
            onChange(limit === undefined ? rest : { ...rest, limit });
          }}
        />
      )}
      <Switch
        label="Only the last value"
        checked={query.instant === true}
        onChange={(instant) => onChange({ ...query, instant })}
      />
      {query.instant === true && query.source === "metrics" && (
        <Switch
          label="And the range"
          checked={query.range === true}
          onChange={(range) => onChange({ ...query, range })}
        />
      )}
    </div>
  );
}

function OtherPanel({
  panel,
  query,
  onChange,
}: {
  readonly panel: Panel;
  readonly query: PanelQuery;
  readonly onChange: (query: PanelQuery) => void;
}) {
  const { dashboard } = useBoard();
  const others = allPanels(dashboard).filter(({ id }) => id !== panel.id);
  return (
    <ChoiceField
      label="Takes the answers of"
      value={Number(query.options?.["panel"])}
      choices={others.map(({ id, title }) => ({
        value: id,
        label: title === "" ? `Panel ${id}` : title,
      }))}
      onChange={(id) => onChange({ ...query, options: { ...query.options, panel: id } })}
    />
  );
}

function withOptions(query: PanelQuery, options: unknown): PanelQuery {
  const { options: _before, ...rest } = query;
  return typeof options === "object" && options !== null
    ? { ...rest, options: Object.fromEntries(Object.entries(options)) }
    : rest;
}

/** The first letter that no query has: A to Z, then A1 and on. */
function nextRef(queries: readonly PanelQuery[]): string {
  const taken = new Set(queries.map(({ ref }) => ref));
  for (let i = 0; ; i++) {
    const letter = String.fromCodePoint("A".charCodeAt(0) + (i % 26));
    const ref = i < 26 ? letter : `${letter}${Math.floor(i / 26)}`;
    if (!taken.has(ref)) return ref;
  }
}
