import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { showToast } from "../../../overlays/toast.ts";
import { ToggleGroup } from "../../../overlays/toggle_group.tsx";
import { Icon } from "../../../elements/icon.tsx";
import { useAgents } from "../../../queries/inventory.ts";
import type { LogRow } from "../../../client/logs.ts";
import type { Window } from "../../../state/time_range.ts";
import { fieldsOf, printColumns, withColumn, type RowField } from "../state/columns.ts";
import { ContextLines } from "./context_lines.tsx";
import { useParsers } from "./facets_panel.tsx";
import { printFilters, type FilterTarget } from "../state/filters.ts";
import { JsonTree } from "./json_tree.tsx";
import { jsonOf, plainText, segmentsOf, type Highlighter } from "../state/line_text.ts";
import { lineKey } from "../state/line_key.ts";
import { exactTime } from "../state/log_time.ts";
import type { LogsState } from "../state/logs_search.ts";
import { shareAddress } from "../state/share.ts";

/** Characters of the line shown at once. */
const textMax = 20_000;
/** What to look at of the host: so much before and after the line. */
const aroundMs = 900_000;

export type DetailView = "fields" | "json" | "context";

type Props = {
  readonly row: LogRow;
  readonly state: LogsState;
  readonly window: Window;
  readonly rangeKey: string;
  readonly timeZone: string;
  readonly highlight: Highlighter;
  readonly view: DetailView;
  readonly onView: (view: DetailView) => void;
};

/** Everything known of one line. */
export function LineDetails(props: Props) {
  const { row, state, view, onView, timeZone } = props;
  const json = jsonOf(row.text);
  const views: { value: DetailView; label: string }[] = [
    { value: "fields", label: "Fields" },
    ...(json === undefined ? [] : [{ value: "json" as const, label: "JSON" }]),
    { value: "context", label: "Context" },
  ];
  const shown = views.some(({ value }) => value === view) ? view : "fields";
  return (
    <div className={`logs-details level-${row.level}`}>
      <p className="logs-details-time">
        <span className="logs-level">{row.level}</span> {exactTime(row.ns, timeZone)}
      </p>
      <WholeText {...props} />
      <div className="logs-details-tools">
        <CopyTool label="Copy line" text={plainText(row.text)} />
        <CopyTool label="Copy link" text={shareAddress(row, state)} icon="link" />
        <HostLink row={row} />
      </div>
      <ToggleGroup label="Detail" value={shown} options={views} onChange={onView} />
      {shown === "fields" && <FieldTable {...props} />}
      {shown === "json" && <JsonTree value={json} />}
      {shown === "context" && (
        <ContextLines
          row={row}
          timeZone={timeZone}
          onList={() => state.change(streamSearch(row), { replace: false })}
        />
      )}
    </div>
  );
}

/** All lines of the stream, at this one. */
function streamSearch(row: LogRow): Readonly<Record<string, string>> {
  const filters = Object.entries(row.stream).map(([name, value]) => {
    return { kind: "label", name, values: [value], exclude: false, parsers: [] } as const;
  });
  return { q: "", lang: "", f: printFilters(filters), live: "", line: lineKey(row) };
}

function WholeText({ row, highlight }: Props) {
  const [isWhole, setWhole] = useState(false);
  const text = isWhole ? row.text : row.text.slice(0, textMax);
  return (
    <pre className="logs-details-text" tabIndex={0} aria-label="The line">
      {segmentsOf(text, highlight).map(({ text: part, style, match }, i) =>
        match ? (
          <mark key={i} className={style}>
            {part}
          </mark>
        ) : (
          <span key={i} className={style}>
            {part}
          </span>
        ),
      )}
      {text.length < row.text.length && (
        <button type="button" className="logs-more" onClick={() => setWhole(true)}>
          Show {(row.text.length - text.length).toLocaleString("en")} more characters
        </button>
      )}
    </pre>
  );
}

function CopyTool({
  label,
  text,
  icon = "copy",
}: {
  readonly label: string;
  readonly text: string;
  readonly icon?: "copy" | "link";
}) {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      showToast({ title: "Copied", state: "good" });
    } catch {
      showToast({ title: "The browser did not allow copying", state: "bad" });
    }
  };
  return (
    <button type="button" className="button" onClick={() => void copy()}>
      <Icon name={icon} />
      {label}
    </button>
  );
}

/** From the line to its host's charts at that time, where an agent of that name is known. */
function HostLink({ row }: { readonly row: LogRow }) {
  const agents = useAgents(0);
  const names = ["agent", "host", "instance", "hostname", "host_name"].flatMap((name) => {
    const value = row.stream[name] ?? row.metadata[name];
    return value === undefined ? [] : [value, value.replace(/:\d+$/, "")];
  });
  const agent = agents.data?.find((one) =>
    names.some((name) => name === one.agent || name === one.name),
  );
  if (agent === undefined) return null;
  const from = String(Math.round(row.timeMs - aroundMs));
  const to = String(Math.round(Math.min(Date.now(), row.timeMs + aroundMs)));
  return (
    <Link
      className="button"
      to="/hosts/$agent"
      params={{ agent: agent.agent }}
      search={{ from, to }}
    >
      <Icon name="hosts" />
      Host at that time
    </Link>
  );
}

const sources = [
  ["line", "In the line"],
  ["metadata", "Structured metadata"],
  ["label", "Labels of the stream"],
] as const;

function FieldTable({ row, state, window, rangeKey }: Props) {
  const parsers = useParsers(state.query, window, rangeKey);
  const fields = Array.from(fieldsOf(row).values());
  return (
    <>
      {sources.map(([source, title]) => {
        const own = fields.filter((field) => field.source === source);
        return own.length === 0 ? null : (
          <div key={source} className="logs-field-group">
            <h2>{title}</h2>
            <ul>
              {own.map((field) => (
                <Field
                  key={field.name}
                  field={field}
                  target={targetOfField(field, parsers.data)}
                  state={state}
                />
              ))}
            </ul>
          </div>
        );
      })}
    </>
  );
}

function targetOfField(
  field: RowField,
  known: ReadonlyMap<string, readonly string[]> | undefined,
): FilterTarget {
  if (field.source !== "line") return { kind: field.source, name: field.name, parsers: [] };
  const parsers =
    field.parsers.length > 0 ? field.parsers : (known?.get(field.name) ?? ["json", "logfmt"]);
  return { kind: "field", name: field.name, parsers };
}

function Field({
  field,
  target,
  state,
}: {
  readonly field: RowField;
  readonly target: FilterTarget;
  readonly state: LogsState;
}) {
  const { name, value } = field;
  const isColumn = state.columns.some((each) => each.name === name);
  return (
    <li className="logs-field">
      <span className="logs-field-name" title={name}>
        {name}
      </span>
      <span className="logs-field-value">{value}</span>
      <span className="logs-field-tools">
        <FieldTool
          label={`Include ${name} ${value}`}
          title="Include"
          icon="plus"
          onClick={() => state.toggle(target, value, false)}
        />
        <FieldTool
          label={`Exclude ${name} ${value}`}
          title="Exclude"
          icon="minus"
          onClick={() => state.toggle(target, value, true)}
        />
        <FieldTool
          label={isColumn ? `Remove the column ${name}` : `Show ${name} as a column`}
          title={isColumn ? "Remove the column" : "Show as a column"}
          icon="table"
          isOn={isColumn}
          onClick={() => state.change({ cols: printColumns(withColumn(state.columns, name)) })}
        />
        <FieldTool
          label={`Copy ${name}`}
          title="Copy"
          icon="copy"
          onClick={() => void navigator.clipboard.writeText(value)}
        />
      </span>
    </li>
  );
}

function FieldTool(props: {
  readonly label: string;
  readonly title: string;
  readonly icon: "plus" | "minus" | "table" | "copy";
  readonly isOn?: boolean;
  readonly onClick: () => void;
}) {
  return (
    <button
      type="button"
      className="logs-tool"
      aria-label={props.label}
      title={props.title}
      {...(props.isOn === undefined ? {} : { "aria-pressed": props.isOn })}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}
