import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useState } from "react";
import { useFleetAgents, useReleases } from "../../queries/fleet.ts";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { useNow } from "../../state/media.ts";
import { useAgents } from "../../queries/inventory.ts";
import { hideSearch, parseHide, parseSorting, sortingSearch } from "../../state/table_search.ts";
import { Button } from "../../elements/buttons.tsx";
import { Icon } from "../../elements/icon.tsx";
import { FilterBox } from "../../widgets/filter_box.tsx";
import { Corner, Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { RowTable } from "../../widgets/row_table.tsx";
import { agentColumns } from "./agent_columns.tsx";
import {
  agentStates,
  countStates,
  findAgents,
  listAgents,
  versionShares,
  type AgentFilter,
  type ListedAgent,
} from "./agent_rows.ts";
import { EnrolSheet } from "./enrol_sheet.tsx";
import { RolloutList } from "./rollout_list.tsx";

const route = getRouteApi("/agents");
/** With this many agents the list comes less often. */
const manyAgents = 100;

const filterWords: Readonly<Record<AgentFilter, string>> = {
  silent: "silent",
  failing: "with faults",
  outdated: "update available",
  waiting: "configuration not taken",
  losing: "dropped data",
};

/** Every agent: whether it is there, what it runs, what fails, and what waits or is lost. */
export function AgentsView() {
  const { intervalMs } = usePageRange();
  const { q = "", is, version, enrol } = route.useSearch();
  const change = useSearchChange();
  const agents = useAgents(useEvery(intervalMs));
  const fleet = useFleetAgents(intervalMs);
  const releases = useReleases(intervalMs);
  const words = useDeferredValue(q);
  const all = useMemo(
    () => listAgents(agents.data ?? [], fleet.data, releases.data),
    [agents.data, fleet.data, releases.data],
  );
  const rows = useMemo(() => findAgents(all, words, is, version), [all, words, is, version]);
  return (
    <section className="page">
      <div className="toolbar">
        <FilterBox label="Filter agents" value={q} onChange={(text) => change({ q: text })} />
        <span className="quiet" role="status">
          {agents.data !== undefined && countText(rows.length, all.length)}
        </span>
        <RefreshCorner query={agents} />
        {fleet.isError && (
          <Corner state="partial" detail={fleet.error.message}>
            configurations are not known: {fleet.error.message}
          </Corner>
        )}
        <span className="spacer" />
        <Button kind="primary" icon="plus" onClick={() => change({ enrol: "yes" })}>
          Enrol a host
        </Button>
      </div>
      <RolloutList />
      <Picture query={agents} skeleton={<Skeleton rows={12} height={28} />}>
        {() =>
          all.length === 0 ? (
            <Empty title="No agent has reported yet">
              Enrol a host: the sheet has the commands to run on it. An agent appears here seconds
              after its start.
            </Empty>
          ) : (
            <>
              <Filters all={all} />
              <List rows={rows} known={!agents.isError} />
            </>
          )
        }
      </Picture>
      <EnrolSheet
        open={enrol === "yes"}
        onOpenChange={(open) => change({ enrol: open ? "yes" : "" })}
      />
    </section>
  );
}

function useEvery(intervalMs: number): number {
  const known = useAgents(0).data?.length ?? 0;
  return intervalMs > 0 && known > manyAgents ? Math.max(intervalMs, 10_000) : intervalMs;
}

/** What is wrong, as filters with how many agents each keeps, and the versions with their share. */
function Filters({ all }: { readonly all: readonly ListedAgent[] }) {
  const { is, version } = route.useSearch();
  const change = useSearchChange();
  const versions = useMemo(() => versionShares(all), [all]);
  const counts = useMemo(() => countStates(all), [all]);
  const isWell = agentStates.every((filter) => counts[filter] === 0 && is !== filter);
  return (
    <div className="agent-filters" role="group" aria-label="Narrow the list">
      {isWell && (
        <span className="state good">
          <Icon name="check" />
          none is silent, fails, is out of date or loses anything
        </span>
      )}
      {agentStates.map((filter) => {
        const count = counts[filter];
        // What no agent is has nothing to say; what was chosen can be let go of.
        return count === 0 && is !== filter ? null : (
          <Button
            key={filter}
            pressed={is === filter}
            onClick={() => change({ is: is === filter ? "" : filter })}
          >
            <strong>{count}</strong> {filterWords[filter]}
          </Button>
        );
      })}
      {versions.length > 1 &&
        versions.slice(0, 6).map((each) => (
          <Button
            key={each.version}
            pressed={version === each.version}
            title={`${each.count} of ${all.length} agents run ${each.version}`}
            onClick={() => change({ version: version === each.version ? "" : each.version })}
          >
            {each.version} <span className="quiet">{percent(each.share)}</span>
          </Button>
        ))}
    </div>
  );
}

function List({ rows, known }: { readonly rows: readonly ListedAgent[]; readonly known: boolean }) {
  const { sort = "state", dir = "", hide } = route.useSearch();
  const change = useSearchChange();
  const sorting = useMemo(() => parseSorting(sort, dir), [sort, dir]);
  const hidden = useMemo(() => parseHide(hide), [hide]);
  const navigate = useNavigate();
  const nowMs = useNow(5_000);
  const columns = useMemo(() => agentColumns(nowMs, known), [nowMs, known]);
  const [heightMax] = useState(() => Math.max(320, window.innerHeight - 230));
  if (rows.length === 0)
    return (
      <Empty title="No agent matches">
        All words and filters must match.{" "}
        <button
          type="button"
          className="link"
          onClick={() => change({ q: "", is: "", version: "" })}
        >
          Clear them
        </button>
      </Empty>
    );
  return (
    <RowTable
      id="agents"
      label="Agents"
      rows={rows}
      columns={columns}
      heightMax={heightMax}
      sorting={sorting}
      onSorting={(next) => change(sortingSearch(next))}
      hidden={hidden}
      onHidden={(next) => change({ hide: hideSearch(next) })}
      onRow={({ agent }) =>
        void navigate({ to: "/agents/$agent", params: { agent: agent.agent }, search: true })
      }
    />
  );
}

function countText(shown: number, all: number): string {
  const word = all === 1 ? "agent" : "agents";
  return shown === all ? `${all} ${word}` : `${shown} of ${all} ${word}`;
}

function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 1 ? "< 1" : Math.round(value)} %`;
}
