import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { assertNever } from "#shared/assert.ts";
import { ToggleGroup } from "../../overlays/toggle_group.tsx";
import { useKeys } from "../../state/keys.ts";
import { rememberQuery } from "../../state/query_history.ts";
import type { Window } from "../../state/time_range.ts";
import { Icon } from "../../elements/icon.tsx";
import { inLanguage, type Language, type LogsState } from "./state/logs_search.ts";
import { SavedSearches } from "./saving/saved_searches.tsx";

const LogqlEditor = lazy(() => import("../../editor/logql_editor.tsx"));

type Props = {
  readonly state: LogsState;
  readonly window: Window;
  /** Why the query as it is was refused. */
  readonly error: string | undefined;
  readonly onRun: () => void;
};

type InputProps = Pick<Props, "window" | "error"> & {
  readonly language: Language;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly onRun: (value: string) => void;
};

function SearchInput({ language, window, error, ...common }: InputProps) {
  switch (language) {
    case "words":
      return <WordsInput {...common} />;
    case "logql":
      return (
        <Suspense fallback={<div className="code-editor" />}>
          <LogqlEditor
            label="LogQL"
            {...common}
            window={window}
            {...(error !== undefined ? { error } : {})}
          />
        </Suspense>
      );
    default:
      return assertNever(language);
  }
}

/** A draft in LogQL is the query itself. */
function queryOf(language: Language, draft: string): Partial<Pick<LogsState, "query">> {
  switch (language) {
    case "words":
      return {};
    case "logql":
      return { query: draft };
    default:
      return assertNever(language);
  }
}

const languages = [
  { value: "words", label: "Words" },
  { value: "logql", label: "LogQL" },
] as const;

/** What is looked for: plain words or LogQL, and a switch between them that keeps what it says. */
export function SearchBar({ state, window, error, onRun }: Props) {
  const { language, text, change } = state;
  const [draft, setDraft] = useState(text);
  const [cannot, setCannot] = useState<string>();
  useEffect(() => {
    setDraft(text);
    setCannot(undefined);
  }, [text, language]);
  const run = (next: string): void => {
    if (next === text) onRun();
    else change({ q: next, line: "" }, { replace: false });
    if (language === "logql") rememberQuery("logql", next, Date.now());
  };
  const turn = (to: Language): void => {
    const changed = inLanguage({ ...state, text: draft, ...queryOf(language, draft) }, to);
    if ("cannot" in changed) setCannot(changed.cannot);
    else change(changed, { replace: false });
  };
  return (
    <div className="logs-search">
      <ToggleGroup label="Language" value={language} options={languages} onChange={turn} />
      <SearchInput
        language={language}
        value={draft}
        onChange={setDraft}
        onRun={run}
        window={window}
        error={draft === text ? error : undefined}
      />
      <button type="button" className="button primary" onClick={() => run(draft)}>
        <Icon name="search" />
        <span className="logs-word">Search</span>
      </button>
      <SavedSearches state={state} />
      {cannot !== undefined && (
        <p className="logs-cannot" role="alert">
          Words can't say this part of the query: <code>{cannot}</code>
          <button
            type="button"
            className="logs-more"
            onClick={() => change({ lang: "", q: "", f: "" }, { replace: false })}
          >
            Start anew with words
          </button>
        </p>
      )}
    </div>
  );
}

type WordsProps = {
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly onRun: (text: string) => void;
};

/** One line of text; Enter searches, "/" anywhere on the page comes here, Escape leaves. */
function WordsInput({ value, onChange, onRun }: WordsProps) {
  const input = useRef<HTMLInputElement>(null);
  const focus = (): void => {
    input.current?.focus();
    input.current?.select();
  };
  useKeys("Page", [{ keys: "/", words: "Search lines", run: focus }]);
  return (
    <label className="filter-box logs-words">
      <Icon name="search" />
      <span className="hidden">Words that lines have to hold</span>
      <input
        ref={input}
        type="search"
        value={value}
        maxLength={20_000}
        placeholder='error timeout "disk full" -debug /5\d\d/'
        spellCheck={false}
        autoCapitalize="off"
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onRun(value);
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </label>
  );
}
