import { lazy, Suspense, useDeferredValue, useMemo, useState } from "react";
import { messageOf, OperatingError } from "#shared/errors.ts";
import { formatPromql } from "../../client/format_query.ts";
import { Menu, type MenuEntry } from "../../overlays/menu.tsx";
import { showToast } from "../../overlays/toast.ts";
import { ToggleGroup } from "../../overlays/toggle_group.tsx";
import { formatCount, formatSpan } from "../../units/format.ts";
import { emptyQuery } from "../../promql/builder.ts";
import { readBuilder } from "../../promql/read_builder.ts";
import { lengthText } from "../../promql/variables.ts";
import { usePageRange } from "../../state/page_range.ts";
import { defaultRange, windowOf } from "../../state/time_range.ts";
import { ErrorText } from "../../widgets/error_text.tsx";
import { Icon } from "../../elements/icon.tsx";
import { Incomplete } from "../../widgets/incomplete.tsx";
import { Skeleton } from "../../widgets/picture.tsx";
import { Builder } from "./builder/builder.tsx";
import { ExplainList } from "./explain_list.tsx";
import { type ExploreQuery, queryTypes } from "./explore_search.ts";
import { LegendField, StepField } from "./query_fields.tsx";
import { readFacts } from "./read_facts.ts";
import type { OpenSheet } from "./sheets.tsx";
import type { Answer } from "./use_answers.ts";

const PromqlEditor = lazy(() => import("../../editor/promql_editor.tsx"));

type Props = {
  readonly query: ExploreQuery;
  /** The text as it is being written. */
  readonly draft: string;
  readonly answers: readonly Answer[];
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly isOnly: boolean;
  readonly onDraft: (text: string) => void;
  readonly onRun: (text: string) => void;
  readonly onChange: (change: Partial<ExploreQuery>) => void;
  readonly onMove: (by: -1 | 1) => void;
  readonly onDuplicate: () => void;
  readonly onRemove: () => void;
  readonly onOpen: (sheet: OpenSheet) => void;
};

/** One query: its text or its blocks, how it is asked, and what its answer took. */
export function QueryRow(props: Props) {
  const { query, draft, answers, onChange } = props;
  const { ref, hidden, builder } = query;
  const [isExplained, setIsExplained] = useState(false);
  const error = answers.find((answer) => answer.error !== undefined)?.error;
  const message = error === undefined || draft !== query.expr ? undefined : messageOf(error);
  const failed = answers.find((answer) => answer.error !== undefined);
  return (
    <section
      className={hidden ? "query-row hidden-query" : "query-row"}
      aria-label={`Query ${ref}`}
    >
      <div className="query-head">
        <button
          type="button"
          className="query-ref"
          aria-pressed={!hidden}
          aria-label={hidden ? `Show ${ref}` : `Hide ${ref}`}
          title={hidden ? "Show" : "Hide"}
          onClick={() => onChange({ hidden: !hidden })}
        >
          {ref}
        </button>
        <AnswerFigures answers={answers} isChanged={draft !== query.expr} />
        <RowTools
          {...props}
          onExplain={() => setIsExplained(!isExplained)}
          isExplained={isExplained}
        />
      </div>
      {builder ? <Blocks {...props} /> : <Code {...props} error={message} />}
      {failed !== undefined && message !== undefined && (
        <ErrorText
          error={failed.error}
          query={isWrong(failed.error) ? query.expr : undefined}
          what={
            failed.good === undefined
              ? "Not answered"
              : "Not answered, the last good picture is kept"
          }
        />
      )}
      {isExplained && <ExplainList expr={draft} />}
      <div className="query-options">
        <LegendField value={query.legend} onChange={(legend) => onChange({ legend })} />
        <ToggleGroup
          label={`Type of ${ref}`}
          value={query.type}
          options={queryTypes.map((type) => ({ value: type, label: typeNames[type] }))}
          onChange={(type) => onChange({ type })}
        />
        <StepField value={query.step} onChange={(step) => onChange({ step })} />
      </div>
    </section>
  );
}

const typeNames = { range: "Range", instant: "Instant", both: "Both" } as const;

function isWrong(error: unknown): boolean {
  return error instanceof OperatingError && error.code === "bad_request";
}

function Code({
  query,
  draft,
  onDraft,
  onRun,
  error,
}: Props & { readonly error: string | undefined }) {
  const { range } = usePageRange();
  const window = windowOf(range, Date.now()) ?? windowOf(defaultRange, Date.now());
  return (
    <Suspense fallback={<Skeleton rows={1} height={32} />}>
      <PromqlEditor
        value={draft}
        onChange={onDraft}
        onRun={onRun}
        label={`Query ${query.ref} in PromQL`}
        window={window ?? { startMs: 0, endMs: 1 }}
        error={error}
      />
    </Suspense>
  );
}

function Blocks({ draft, query, onChange, onDraft }: Props) {
  const read = useMemo(
    () => (draft.trim() === "" ? { query: emptyQuery, why: undefined } : readBuilder(draft)),
    [draft],
  );
  if (read.query === undefined) {
    return (
      <p className="notice" role="status">
        <Icon name="info" />
        <span>Blocks can't show {read.why}. It stays as code.</span>
        <button type="button" className="button" onClick={() => onChange({ builder: false })}>
          Edit the code
        </button>
      </p>
    );
  }
  return (
    <Builder
      label={`Blocks of ${query.ref}`}
      query={read.query}
      text={draft}
      onChange={(text, isWhole) => (isWhole ? onChange({ expr: text }) : onDraft(text))}
    />
  );
}

/** "step 15s, 240 points, 3 series, raw samples, 12 ms": what the answer is, of what it is made, and what it took. */
function AnswerFigures({
  answers,
  isChanged,
}: {
  readonly answers: readonly Answer[];
  readonly isChanged: boolean;
}) {
  const shown = useDeferredValue(answers);
  const good = shown.find((answer) => answer.good !== undefined)?.good;
  const isRunning = answers.some((answer) => answer.isRunning && answer.good === undefined);
  if (isRunning) return <span className="quiet query-figures">Running</span>;
  if (isChanged) return <span className="quiet query-figures">Changed: Enter runs it</span>;
  if (good === undefined) return <span className="query-figures" />;
  const { instant, stepMs, window, seriesCount, elapsedMs } = good;
  const points = Math.floor((window.endMs - window.startMs) / stepMs) + 1;
  const grid = instant ? "at the end of the range" : `step ${lengthText(stepMs)}, ${points} points`;
  const resolution = readFacts(good.figures?.read)?.resolution ?? "";
  return (
    <span className="quiet query-figures">
      {grid}, {formatCount(seriesCount)} series, {resolution === "" ? "" : `${resolution}, `}
      {formatSpan(elapsedMs)} <Incomplete warnings={good.warnings} isPartial={good.isPartial} />
    </span>
  );
}

function RowTools(
  props: Props & { readonly isExplained: boolean; readonly onExplain: () => void },
) {
  const { query, draft, onChange, onRun } = props;
  const { ref, builder } = query;
  const format = async (): Promise<void> => {
    try {
      onRun(await formatPromql(draft));
    } catch (error) {
      showToast({ state: "bad", title: `${ref} can't be formatted`, detail: messageOf(error) });
    }
  };
  return (
    <div className="query-tools">
      <ToggleGroup
        label={`Edit ${ref} as`}
        value={builder ? "blocks" : "code"}
        options={[
          { value: "code", label: "Code" },
          { value: "blocks", label: "Blocks" },
        ]}
        onChange={(as) => onChange({ builder: as === "blocks", expr: draft })}
      />
      <button
        type="button"
        className="button"
        aria-pressed={props.isExplained}
        onClick={props.onExplain}
      >
        Explain
      </button>
      <Menu
        label={`More for ${ref}`}
        trigger={
          <button type="button" className="icon-button plain" aria-label={`More for ${ref}`}>
            <Icon name="more" />
          </button>
        }
        entries={moreEntries(props, () => void format())}
      />
    </div>
  );
}

function moreEntries(props: Props, onFormat: () => void): MenuEntry[] {
  const { query, onChange, onOpen } = props;
  const { ref, hidden } = query;
  return [
    {
      label: "Browse metrics",
      icon: "list",
      onSelect: () => onOpen({ kind: "metrics", ref }),
    },
    { label: "Inspect", icon: "info", onSelect: () => onOpen({ kind: "inspect", ref }) },
    { label: "Format", icon: "code", onSelect: onFormat },
    "line",
    { label: "Duplicate", icon: "copy", onSelect: props.onDuplicate },
    {
      label: hidden ? "Show" : "Hide",
      icon: "eye",
      onSelect: () => onChange({ hidden: !hidden }),
    },
    {
      label: "Move up",
      icon: "up",
      disabled: props.isFirst,
      onSelect: () => props.onMove(-1),
    },
    {
      label: "Move down",
      icon: "down",
      disabled: props.isLast,
      onSelect: () => props.onMove(1),
    },
    {
      label: "Remove",
      icon: "trash",
      danger: true,
      disabled: props.isOnly,
      onSelect: props.onRemove,
    },
  ];
}
