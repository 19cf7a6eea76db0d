import { useQueryClient } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { useKeys } from "../../state/keys.ts";
import { Icon } from "../../elements/icon.tsx";
import { Start } from "./start.tsx";
import {
  type ExploreQuery,
  type ExploreState,
  newQuery,
  nextRef,
  queriesMax,
  readExplore,
  writeExplore,
} from "./explore_search.ts";
import { QueryRow } from "./query_row.tsx";
import { Results } from "./results.tsx";
import { type OpenSheet, Sheets } from "./sheets.tsx";
import { ExploreTools } from "./explore_tools.tsx";
import { useAnswers, useHistory } from "./use_answers.ts";

/** Explore: queries at the top, their answer below; everything that was run is in the URL. */
export function ExploreView() {
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false });
  const state = useMemo(() => readExplore(search), [search]);
  const pageRange = usePageRange();
  const { answers, cancel } = useAnswers(state.queries, state.view, pageRange);
  useHistory(state.queries);
  const [sheet, setSheet] = useState<OpenSheet>();
  const page = useQueryRows(state, search);
  const isRunning = answers.some((answer) => answer.isRunning && answer.good === undefined);
  useKeys("Explore", [
    { keys: "r", words: "Run all queries", run: () => page.runAll() },
    { keys: "n", words: "Add a query", run: () => page.add() },
    { keys: "b", words: "Browse metrics", run: () => setSheet({ kind: "metrics", ref: "A" }) },
    { keys: "p", words: "Past and saved queries", run: () => setSheet({ kind: "library" }) },
  ]);
  const isBlank = state.queries.every(({ expr }) => expr.trim() === "");
  return (
    <section className="page explore">
      <ExploreTools state={state} answers={answers} onOpen={setSheet} />
      <div className="query-rows">
        {state.queries.map((query, i) => (
          <QueryRow
            key={query.ref}
            query={query}
            draft={page.draftOf(query)}
            answers={answers.filter(({ ref }) => ref === query.ref)}
            isFirst={i === 0}
            isLast={i === state.queries.length - 1}
            isOnly={state.queries.length === 1}
            onDraft={(text) => page.draft(query.ref, text)}
            onRun={(text) => page.run(query.ref, text)}
            onChange={(change) => page.change(query.ref, change)}
            onMove={(by) => page.move(i, by)}
            onDuplicate={() => page.duplicate(i)}
            onRemove={() => page.remove(query.ref)}
            onOpen={setSheet}
          />
        ))}
      </div>
      <RunBar
        isRunning={isRunning}
        isFull={state.queries.length >= queriesMax}
        onRun={() => page.runAll()}
        onCancel={cancel}
        onAdd={() => page.add()}
      />
      {isBlank ? (
        <Start onRun={(expr) => page.run(state.queries[0]?.ref ?? "A", expr)} onOpen={setSheet} />
      ) : (
        <Results state={state} answers={answers} onView={page.setView} />
      )}
      <Sheets
        open={sheet}
        onClose={() => setSheet(undefined)}
        state={state}
        answers={answers}
        onUse={(ref, expr) => page.run(ref, expr)}
        onShow={(next) => page.show(next)}
      />
    </section>
  );
}

type RunBarProps = {
  readonly isRunning: boolean;
  readonly isFull: boolean;
  readonly onRun: () => void;
  readonly onCancel: () => void;
  readonly onAdd: () => void;
};

function RunBar({ isRunning, isFull, onRun, onCancel, onAdd }: RunBarProps) {
  return (
    <div className="toolbar">
      <button type="button" className="button primary" onClick={onRun}>
        <Icon name="play" />
        Run
      </button>
      {isRunning && (
        <button type="button" className="button" onClick={onCancel}>
          Cancel
        </button>
      )}
      <button type="button" className="button" onClick={onAdd} disabled={isFull}>
        <Icon name="plus" />
        Add a query
      </button>
      <Link to="/explore/metrics" search={true} className="button">
        Without a query
      </Link>
    </div>
  );
}

/** What is being written, and every change of the rows. What is run goes into the URL, and so into the browser's history. */
function useQueryRows(state: ExploreState, search: Readonly<Record<string, unknown>>) {
  const change = useSearchChange();
  const client = useQueryClient();
  const [drafts, setDrafts] = useState<ReadonlyMap<string, string>>(new Map<string, string>());
  const show = (next: ExploreState, replace = false): void => {
    change(writeExplore(next, search), { replace });
  };
  const withQueries = (queries: readonly ExploreQuery[], replace = false): void => {
    show({ ...state, queries }, replace);
  };
  const draftOf = ({ ref, expr }: ExploreQuery): string => drafts.get(ref) ?? expr;
  const forget = (ref?: string): void => {
    setDrafts((now) => new Map(ref === undefined ? [] : [...now].filter(([each]) => each !== ref)));
  };
  // What is run again without a change asks again, too.
  const askAgain = (): void => void client.invalidateQueries({ queryKey: ["explore"] });
  const written = (): ExploreQuery[] =>
    state.queries.map((query) => ({ ...query, expr: draftOf(query) }));
  return {
    draftOf,
    show(next: ExploreState): void {
      forget();
      show(next);
    },
    draft: (ref: string, text: string) => setDrafts((now) => new Map(now).set(ref, text)),
    run(ref: string, text: string): void {
      forget(ref);
      askAgain();
      withQueries(state.queries.map((each) => (each.ref === ref ? { ...each, expr: text } : each)));
    },
    runAll(): void {
      askAgain();
      withQueries(written());
      forget();
    },
    change(ref: string, changes: Partial<ExploreQuery>): void {
      if (changes.expr !== undefined) forget(ref);
      withQueries(
        state.queries.map((each) => (each.ref === ref ? { ...each, ...changes } : each)),
        true,
      );
    },
    add: () => withQueries([...written(), newQuery(nextRef(state.queries))], true),
    duplicate(at: number): void {
      const queries = written();
      const copied = queries[at];
      if (copied === undefined) return;
      withQueries(queries.toSpliced(at + 1, 0, { ...copied, ref: nextRef(queries) }), true);
    },
    move(at: number, by: -1 | 1): void {
      const moved = state.queries[at];
      if (moved === undefined) return;
      withQueries(state.queries.toSpliced(at, 1).toSpliced(at + by, 0, moved), true);
    },
    remove(ref: string): void {
      forget(ref);
      withQueries(
        state.queries.filter((each) => each.ref !== ref),
        true,
      );
    },
    setView: (view: ExploreState["view"]) => show({ ...state, view }, true),
  };
}
