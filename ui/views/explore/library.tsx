import { useState } from "react";
import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { SavedQueryRow } from "../../client/dashboard_service.ts";
import { showToast } from "../../overlays/toast.ts";
import { Tabs } from "../../overlays/tabs.tsx";
import { useDeleteQuery, useSavedQueries, useSaveQuery } from "../../queries/dashboards.ts";
import { forgetQueries, pastQueries, starQuery } from "../../state/query_history.ts";
import { Ago } from "../../elements/ago.tsx";
import { FilterBox } from "../../widgets/filter_box.tsx";
import { Icon } from "../../elements/icon.tsx";
import { Empty, Picture, Skeleton } from "../../widgets/picture.tsx";
import { type ExploreState, newQuery, readExplore, writeExplore } from "./explore_search.ts";

type Props = { readonly state: ExploreState; readonly onShow: (state: ExploreState) => void };

/** What was run in this browser, and what everybody shares. */
export function Library({ state, onShow }: Props) {
  const [tab, setTab] = useState<"past" | "saved">("past");
  return (
    <Tabs
      label="Queries"
      value={tab}
      onChange={setTab}
      tabs={[
        { value: "past", label: "History" },
        { value: "saved", label: "Saved, for all" },
      ]}
    >
      {tab === "past" ? <Past onShow={onShow} /> : <Saved state={state} onShow={onShow} />}
    </Tabs>
  );
}

function Past({ onShow }: Pick<Props, "onShow">) {
  const [past, setPast] = useState(() => pastQueries("promql"));
  const [text, setText] = useState("");
  const wanted = text.toLowerCase();
  const found = past
    .filter(({ expr }) => expr.toLowerCase().includes(wanted))
    .toSorted((a, b) => Number(b.starred) - Number(a.starred));
  const refresh = (): void => setPast(pastQueries("promql"));
  return (
    <div className="library">
      <div className="toolbar">
        <FilterBox label="Search the history" value={text} onChange={setText} slash={false} />
        <button
          type="button"
          className="button"
          disabled={past.every(({ starred }) => starred)}
          onClick={() => {
            forgetQueries("promql");
            refresh();
          }}
        >
          Forget all without a star
        </button>
      </div>
      {found.length === 0 && (
        <Empty title={past.length === 0 ? "Nothing was run yet" : `Nothing has "${text}"`}>
          Queries that were run in this browser are kept here. Those with a star stay.
        </Empty>
      )}
      <ul>
        {found.map(({ expr, lastMs, runs, starred }) => (
          <li key={expr} className="library-row">
            <button
              type="button"
              className="icon-button plain"
              aria-pressed={starred}
              aria-label={starred ? "Remove the star" : "Star"}
              onClick={() => {
                starQuery("promql", expr, !starred);
                refresh();
              }}
            >
              <Icon name="star" />
            </button>
            <button
              type="button"
              className="query-choice"
              onClick={() => onShow({ queries: [{ ...newQuery("A"), expr }], view: "lines" })}
            >
              <code>{expr}</code>
              <span className="quiet">
                <Ago ms={lastMs} nowMs={Date.now()} />,{" "}
                {runs === 1 ? "run once" : `run ${runs} times`}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

const State = z.record(z.string(), z.string());

function Saved({ state, onShow }: Props) {
  const saved = useSavedQueries();
  const [text, setText] = useState("");
  return (
    <div className="library">
      <SaveForm state={state} />
      <FilterBox label="Search saved queries" value={text} onChange={setText} slash={false} />
      <Picture query={saved} skeleton={<Skeleton rows={4} height={40} />}>
        {(rows) => {
          const found = rows.filter((row) => row.source === "metrics" && matches(row, text));
          if (found.length === 0) {
            return (
              <Empty title={text === "" ? "Nothing is saved yet" : `Nothing has "${text}"`}>
                Saved queries are seen by everybody who uses this Lapwing.
              </Empty>
            );
          }
          return (
            <ul>
              {found.map((row) => (
                <SavedRow key={row.id} row={row} onShow={onShow} />
              ))}
            </ul>
          );
        }}
      </Picture>
    </div>
  );
}

function matches({ title, description, tags, state }: SavedQueryRow, text: string): boolean {
  return [title, description, state, ...tags].join("\n").toLowerCase().includes(text.toLowerCase());
}

function SavedRow({ row, onShow }: { readonly row: SavedQueryRow } & Pick<Props, "onShow">) {
  const remove = useDeleteQuery();
  const state = stateOf(row.state);
  return (
    <li className="library-row">
      <button
        type="button"
        className="query-choice"
        disabled={state === undefined}
        onClick={() => {
          if (state !== undefined) onShow(state);
        }}
      >
        <strong>{row.title}</strong>
        {row.description !== "" && <span>{row.description}</span>}
        {state?.queries.map(({ ref, expr }) => <code key={ref}>{expr}</code>) ?? (
          <span className="state bad">It can't be read by this version.</span>
        )}
      </button>
      <button
        type="button"
        className="icon-button plain"
        aria-label={`Delete ${row.title}`}
        onClick={() =>
          remove.mutate(row.id, {
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

function stateOf(text: string): ExploreState | undefined {
  try {
    const checked = State.safeParse(JSON.parse(text));
    return checked.success ? readExplore(checked.data) : undefined;
  } catch {
    return undefined;
  }
}

/** Saves the page as it is, without its time range. */
function SaveForm({ state }: { readonly state: ExploreState }) {
  const [title, setTitle] = useState("");
  const [description, setDescription] = useState("");
  const save = useSaveQuery();
  const submit = (): void => {
    const search = Object.fromEntries(
      Object.entries(writeExplore(state, {})).filter(([, value]) => value !== undefined),
    );
    save.mutate(
      {
        id: "",
        title: title.trim(),
        description: description.trim(),
        source: "metrics",
        state: JSON.stringify(search),
        tags: [],
        updatedMs: 0,
      },
      {
        onSuccess: () => {
          setTitle("");
          setDescription("");
          showToast({ state: "good", title: "Query saved for all" });
        },
        onError: (error) =>
          showToast({ state: "bad", title: "Not saved", detail: messageOf(error) }),
      },
    );
  };
  return (
    <form
      className="save-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label className="labelled-field">
        <span>Title</span>
        <input
          value={title}
          maxLength={200}
          required
          onChange={(event) => setTitle(event.target.value)}
        />
      </label>
      <label className="labelled-field">
        <span>What it is for</span>
        <input
          value={description}
          maxLength={500}
          onChange={(event) => setDescription(event.target.value)}
        />
      </label>
      <button
        type="submit"
        className="button primary"
        disabled={title.trim() === "" || state.queries.every(({ expr }) => expr === "")}
      >
        Save these queries
      </button>
    </form>
  );
}
