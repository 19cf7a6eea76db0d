import { useState } from "react";
import { messageOf } from "#shared/errors.ts";
import { Popover } from "../../overlays/popover.tsx";
import { showToast } from "../../overlays/toast.ts";
import type { SavedQueryRow } from "../../client/dashboard_service.ts";
import { useDeleteQuery, useSavedQueries, useSaveQuery } from "../../state/dashboards.ts";
import { forgetQueries, pastQueries } from "../../state/query_history.ts";
import { parseSearch } from "../../state/url.ts";
import { Icon } from "../../widgets/icon.tsx";
import type { LogsState } from "./logs_search.ts";
import { LogsSearch } from "./search_schema.ts";

const pastShown = 20;
/** As much as the aggregator keeps of a description. */
const descriptionMax = 5_000;
const kept = ["q", "lang", "f", "cols", "dedup", "order", "json", "wrap"] as const;

/** Searches kept for everybody, and those of this browser. */
export function SavedSearches({ state }: { readonly state: LogsState }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover
      label="Saved searches and history"
      align="end"
      open={isOpen}
      onOpenChange={setOpen}
      className="logs-saved"
      trigger={
        <button
          type="button"
          className="icon-button"
          title="Saved searches and history"
          aria-label="Saved searches and history"
        >
          <Icon name="star" />
        </button>
      }
    >
      <Searches state={state} onDone={() => setOpen(false)} />
    </Popover>
  );
}

function Searches({ state, onDone }: { readonly state: LogsState; readonly onDone: () => void }) {
  const open = (search: LogsSearch): void => {
    const cleared = Object.fromEntries(kept.map((name) => [name, search[name] ?? ""]));
    state.change({ ...cleared, line: "" }, { replace: false });
    onDone();
  };
  return (
    <>
      <SaveForm query={state.query} />
      <Shared onOpen={open} />
      <Past onOpen={(expr) => open({ q: expr, lang: "logql" })} onForgotten={onDone} />
    </>
  );
}

function SaveForm({ query }: { readonly query: string }) {
  const save = useSaveQuery();
  const [title, setTitle] = useState("");
  const keep = async (): Promise<void> => {
    const current = parseSearch(location.search);
    const search = Object.fromEntries(
      kept.flatMap((name) => (current[name] === undefined ? [] : [[name, current[name]]])),
    );
    const description = query.slice(0, descriptionMax);
    const named = { id: "", title: title.trim(), description, tags: [], updatedMs: 0 };
    try {
      await save.mutateAsync({ ...named, source: "logs", state: JSON.stringify(search) });
      setTitle("");
      showToast({ title: "Saved", detail: named.title, state: "good" });
    } catch (thrown) {
      showToast({ title: "Not saved", detail: messageOf(thrown), state: "bad" });
    }
  };
  return (
    <form
      className="logs-save"
      onSubmit={(event) => {
        event.preventDefault();
        if (title.trim() !== "") void keep();
      }}
    >
      <input
        aria-label="Name of this search"
        placeholder="Name of this search"
        value={title}
        maxLength={200}
        onChange={(event) => setTitle(event.target.value)}
      />
      <button type="submit" className="button" disabled={title.trim() === "" || save.isPending}>
        Save
      </button>
    </form>
  );
}

function Shared({ onOpen }: { readonly onOpen: (search: LogsSearch) => void }) {
  const saved = useSavedQueries();
  const own = (saved.data ?? []).filter(({ source }) => source === "logs");
  return (
    <>
      <h2>Saved for everybody</h2>
      {saved.isError && <p className="quiet">Could not be loaded: {messageOf(saved.error)}.</p>}
      {own.length === 0 && !saved.isError && <p className="quiet">Nothing is saved yet.</p>}
      <ul>
        {own.map((one) => (
          <SavedRow key={one.id} saved={one} onOpen={onOpen} />
        ))}
      </ul>
    </>
  );
}

type SavedRowProps = {
  readonly saved: SavedQueryRow;
  readonly onOpen: (search: LogsSearch) => void;
};

function SavedRow({ saved, onOpen }: SavedRowProps) {
  const remove = useDeleteQuery();
  const { id, title, description } = saved;
  const search = searchOf(saved.state);
  return (
    <li className="logs-saved-row">
      <button
        type="button"
        title={description}
        disabled={search === undefined}
        onClick={() => search !== undefined && onOpen(search)}
      >
        {title}
        {search === undefined ? (
          <span className="state bad">It can't be read by this version.</span>
        ) : (
          <code className="clip">{description}</code>
        )}
      </button>
      <button
        type="button"
        className="logs-tool"
        aria-label={`Delete ${title}`}
        onClick={() =>
          remove.mutate(id, {
            onError: (error) =>
              showToast({ state: "bad", title: "Not deleted", detail: messageOf(error) }),
          })
        }
      >
        <Icon name="trash" />
      </button>
    </li>
  );
}

function searchOf(state: string): LogsSearch | undefined {
  try {
    return LogsSearch.safeParse(JSON.parse(state)).data;
  } catch {
    return undefined;
  }
}

type PastProps = {
  readonly onOpen: (expr: string) => void;
  readonly onForgotten: () => void;
};

function Past({ onOpen, onForgotten }: PastProps) {
  const past = pastQueries("logql").slice(0, pastShown);
  if (past.length === 0) return null;
  return (
    <>
      <h2>Searched in this browser</h2>
      <ul>
        {past.map(({ expr }) => (
          <li key={expr} className="logs-saved-row">
            <button type="button" title={expr} onClick={() => onOpen(expr)}>
              <code className="clip">{expr}</code>
            </button>
          </li>
        ))}
      </ul>
      <button
        type="button"
        className="logs-more"
        onClick={() => {
          forgetQueries("logql");
          onForgotten();
        }}
      >
        Forget them
      </button>
    </>
  );
}
