import { messageOf } from "#shared/errors.ts";
import { showToast } from "../../../overlays/toast.ts";
import type { SavedQueryRow } from "../../../client/dashboard_service.ts";
import { useDeleteQuery, useSavedQueries, useSaveQuery } from "../../../queries/dashboards.ts";
import { forgetQueries, pastQueries } from "../../../state/query_history.ts";
import { parseSearch } from "../../../state/url.ts";
import { Icon } from "../../../elements/icon.tsx";
import type { LogsState } from "../state/logs_search.ts";
import { NameForm } from "./name_form.tsx";
import { LogsSearch } from "../state/search_schema.ts";
import { ToolPopover } from "./tool_popover.tsx";

const pastShown = 20;
/** As much as the aggregator keeps of a description. */
const descriptionMax = 5_000;
const kept = ["q", "lang", "f", "cols", "dedup", "order", "json", "wrap"] as const;

/** Searches kept for everybody, and those of this browser. */
export function SavedSearches({ state }: { readonly state: LogsState }) {
  return (
    <ToolPopover label="Saved searches and history" icon="star">
      {(close) => <Searches state={state} onDone={close} />}
    </ToolPopover>
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
  const keep = async (title: string) => {
    const current = parseSearch(location.search);
    const search = Object.fromEntries(
      kept.flatMap((name) => (current[name] === undefined ? [] : [[name, current[name]]])),
    );
    const description = query.slice(0, descriptionMax);
    const named = { id: "", title, description, tags: [], updatedMs: 0 };
    await save.mutateAsync({ ...named, source: "logs", state: JSON.stringify(search) });
    return { title: "Saved", detail: title };
  };
  return (
    <NameForm
      label="Name of this search"
      verb="Save"
      failure="Not saved"
      isPending={save.isPending}
      onName={keep}
    />
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
