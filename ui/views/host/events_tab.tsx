import type { AgentRow } from "../../client/query_service.ts";
import { useEvents } from "../../queries/events.ts";
import { usePageRange } from "../../state/page_range.ts";
import { EventList } from "../../widgets/event_list.tsx";
import { Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";

/** What changed with one agent within the page's range: joined, silent, back, started anew, versions, configurations. */
export function EventsTab({ row }: { readonly row: AgentRow }) {
  const { range, intervalMs } = usePageRange();
  const everyMs = intervalMs === 0 ? 0 : Math.max(intervalMs, 10_000);
  const query = useEvents({ range, everyMs, agent: row.agent });
  return (
    <div className="block">
      <RefreshCorner query={query} />
      <Picture query={query} skeleton={<Skeleton rows={6} height={20} />}>
        {({ events, truncated }) =>
          events.length === 0 ? (
            <Empty title="Nothing changed in this range">
              Starts, silences, new versions and configurations of this agent stand here. They are
              kept for 30 days: choose a longer range.
            </Empty>
          ) : (
            <>
              <EventList events={events} label={`Events of ${row.name}`} isOfOneAgent />
              {truncated && <p className="quiet">older ones are left out; narrow the range</p>}
            </>
          )
        }
      </Picture>
    </div>
  );
}
