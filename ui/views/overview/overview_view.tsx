import { useMemo } from "react";
import type { Storage } from "../../client/storage/data_service.ts";
import type { AgentRow } from "../../client/query_service.ts";
import { InnerLink } from "../../elements/inner_link.tsx";
import { formatCount } from "../../units/format.ts";
import { useDashboards } from "../../queries/dashboards.ts";
import { useEvents } from "../../queries/events.ts";
import { usePageRange } from "../../state/page_range.ts";
import { EventList } from "../../widgets/event_list.tsx";
import { Empty, Failed, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { Busiest } from "./busiest.tsx";
import { FoundHere } from "./found_here.tsx";
import { KeyRates } from "./key_rates.tsx";
import { NextSteps } from "./next_steps.tsx";
import { ProblemList } from "./problem_list.tsx";
import { useProblems } from "./use_problems.ts";

const hourMs = 3_600_000;
const changesMax = 12;
const starredMax = 8;

/** The first page: what is wrong now, what changed, and how much comes in. */
export function OverviewView() {
  const { agents, storage, problems, complaints, isWhole } = useProblems();
  const rows = agents.data;
  if (rows === undefined && agents.isError) {
    return (
      <section className="page overview">
        <Failed error={agents.error} />
      </section>
    );
  }
  const only = rows?.length === 1 ? rows[0] : undefined;
  const isNew = rows !== undefined && rows.length <= 1 && isYoung(rows, storage.data);
  return (
    <section className="page overview">
      <RefreshCorner query={agents} />
      <ProblemList
        problems={problems}
        complaints={complaints}
        isWhole={isWhole}
        calm={rows === undefined ? undefined : calmText(rows)}
      />
      <KeyRates agents={rows} storage={storage.data} />
      {isNew && only !== undefined && <FoundHere row={only} />}
      {isNew && <NextSteps isOpen hostName={only?.name} />}
      <div className="overview-columns">
        <Changes />
        <div className="overview-column">
          {rows !== undefined && <Busiest agents={rows} />}
          <Starred />
        </div>
      </div>
      {!isNew && only !== undefined && <NextSteps isOpen={false} hostName={only.name} />}
    </section>
  );
}

/** Minutes old, as far as anybody knows: what is stored begins within the last hour. */
function isYoung(rows: readonly AgentRow[], storage: Storage | undefined): boolean {
  if (rows.length === 0) return true;
  if (storage === undefined) return false;
  const begins = [...storage.shares.map(({ oldestMs }) => oldestMs), storage.head.oldestMs];
  const oldestMs = Math.min(...begins.filter((ms) => ms > 0));
  return Date.now() - oldestMs < hourMs;
}

function calmText(rows: readonly AgentRow[]): string {
  if (rows.length === 0) return "No agent has reported yet: add a host below.";
  const targets = rows.reduce((sum, { targetCounts }) => sum + (targetCounts["up"] ?? 0), 0);
  const hosts = rows.length === 1 ? "1 host is live" : `${formatCount(rows.length)} hosts are live`;
  const up =
    targets === 0
      ? ""
      : `, ${formatCount(targets)} ${targets === 1 ? "target is" : "targets are"} up`;
  return `${hosts}${up}, and all that was collected is accounted for.`;
}

/** What changed within the page's range. */
function Changes() {
  const { range, intervalMs } = usePageRange();
  const everyMs = intervalMs === 0 ? 0 : Math.max(intervalMs, 10_000);
  const query = useEvents({ range, everyMs, limit: changesMax });
  return (
    <section className="block changes" aria-label="Recent changes">
      <div className="block-head">
        <h2>Recent changes</h2>
        <RefreshCorner query={query} />
      </div>
      <Picture query={query} skeleton={<Skeleton rows={6} height={20} />}>
        {({ events, truncated }) =>
          events.length === 0 ? (
            <Empty title="Nothing changed in this range">
              Agents that join, go silent or come back, new versions and configurations, and saved
              dashboards stand here. <InnerLink to="/?from=now-7d&to=now">Last 7 days</InnerLink>
            </Empty>
          ) : (
            <>
              <EventList events={events} label="Changes" />
              {truncated && (
                <p className="quiet">the newest {changesMax}; a narrower range shows others</p>
              )}
            </>
          )
        }
      </Picture>
    </section>
  );
}

function Starred() {
  const query = useDashboards(60_000);
  const starred = useMemo(
    () =>
      (query.data ?? [])
        .filter((row) => row.starred)
        .toSorted((a, b) => b.updatedMs - a.updatedMs || a.title.localeCompare(b.title))
        .slice(0, starredMax),
    [query.data],
  );
  return (
    <section className="block" aria-label="Starred dashboards">
      <div className="block-head">
        <h2>Starred dashboards</h2>
        <RefreshCorner query={query} />
      </div>
      <Picture query={query} skeleton={<Skeleton rows={2} height={20} />}>
        {(rows) =>
          starred.length === 0 ? (
            <p className="quiet">
              None is starred. <InnerLink to="/dashboards">All {rows.length} dashboards</InnerLink>
            </p>
          ) : (
            <ul className="starred">
              {starred.map(({ uid, title, folder }) => (
                <li key={uid}>
                  <InnerLink to={`/dashboards/${encodeURIComponent(uid)}`}>{title}</InnerLink>
                  {folder !== "" && <span className="quiet clip">{folder}</span>}
                </li>
              ))}
            </ul>
          )
        }
      </Picture>
    </section>
  );
}
