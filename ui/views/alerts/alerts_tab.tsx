import { getRouteApi } from "@tanstack/react-router";
import { useDeferredValue, useMemo } from "react";
import { Button } from "../../elements/buttons.tsx";
import { Icon } from "../../elements/icon.tsx";
import { useRules, useSentAlerts } from "../../queries/alerts.ts";
import { usePageRange, useSearchChange } from "../../state/page_range.ts";
import { useNow } from "../../state/media.ts";
import { FilterBox } from "../../widgets/filter_box.tsx";
import { Corner, Empty, Picture, RefreshCorner, Skeleton } from "../../widgets/picture.tsx";
import { type CausesOfAlerts, underCauses } from "./alert_causes.ts";
import { findAlerts, groupAlerts, shownAlerts, type ShownAlert } from "./alert_groups.ts";
import { alertStates } from "./alert_states.ts";
import { AlertGroupRow } from "./alert_group_row.tsx";
import { AlertSheet } from "./alert_sheet.tsx";
import { NewRule, NoRules } from "./no_rules.tsx";
import { type AlertChoice, BulkSilence, useAlertChoice } from "./silences/bulk_silence.tsx";

const route = getRouteApi("/alerts");
/** More groups than this are left to the filter. */
const groupsMax = 100;

/** Everything that fires or is about to, grouped by name, the worst first. */
export function AlertsTab() {
  const { q = "", is, receiver, open } = route.useSearch();
  const change = useSearchChange();
  const { intervalMs } = usePageRange();
  const rules = useRules(intervalMs);
  const sent = useSentAlerts(intervalMs);
  const words = useDeferredValue(q);
  const all = useMemo(
    () => shownAlerts(rules.data ?? [], sent.data ?? []),
    [rules.data, sent.data],
  );
  const shown = useMemo(
    () =>
      findAlerts(all, words).filter(
        (alert) =>
          (is === undefined || alert.state === is) &&
          (receiver === undefined || alert.sent?.receivers.includes(receiver) === true),
      ),
    [all, words, is, receiver],
  );
  const { groups, inhibited } = useMemo(() => {
    const causes = underCauses(shown);
    return { groups: groupAlerts(causes.shown), inhibited: causes.inhibited };
  }, [shown]);
  const { choice, start, stop } = useAlertChoice();
  const opened = open === undefined ? undefined : all.find(({ key }) => key === open);
  return (
    <>
      <div className="toolbar">
        <FilterBox label="Filter alerts" value={q} onChange={(text) => change({ q: text })} />
        {choice === undefined && all.length > 0 && (
          <Button icon="silent" onClick={start}>
            Silence several
          </Button>
        )}
        {rules.data?.length === 0 && <NewRule />}
        <RefreshCorner query={rules} />
        {sent.isError && (
          <Corner state="partial" detail={sent.error.message}>
            silences and inhibition are not shown: {sent.error.message}
          </Corner>
        )}
      </div>
      <Picture query={rules} skeleton={<Skeleton rows={8} height={36} />}>
        {(found) =>
          found.length === 0 && all.length === 0 ? (
            <NoRules />
          ) : (
            <>
              <StateFilters all={all} />
              {choice !== undefined && <BulkSilence choice={choice} shown={shown} onDone={stop} />}
              <Groups
                groups={groups}
                inhibited={inhibited}
                choice={choice}
                isFiltered={words !== "" || is !== undefined || receiver !== undefined}
              />
            </>
          )
        }
      </Picture>
      {opened !== undefined && <AlertSheet alert={opened} onClose={() => change({ open: "" })} />}
    </>
  );
}

/** How many alerts are in each state; each is a filter. */
function StateFilters({ all }: { readonly all: readonly ShownAlert[] }) {
  const { is, receiver } = route.useSearch();
  const change = useSearchChange();
  const counts = Map.groupBy(all, ({ state }) => state);
  return (
    <div className="alert-filters" role="group" aria-label="Filter by state">
      {(counts.get("firing")?.length ?? 0) === 0 && (
        <span className="state good">
          <Icon name="check" />
          nothing fires
        </span>
      )}
      {alertStates.map((state) => {
        const count = counts.get(state)?.length ?? 0;
        return count === 0 && is !== state ? null : (
          <Button
            key={state}
            pressed={is === state}
            onClick={() => change({ is: is === state ? "" : state })}
          >
            <strong>{count}</strong> {state}
          </Button>
        );
      })}
      {receiver !== undefined && (
        <Button icon="cross" onClick={() => change({ receiver: "" })}>
          receiver {receiver}
        </Button>
      )}
    </div>
  );
}

function Groups({
  groups,
  inhibited,
  choice,
  isFiltered,
}: {
  readonly groups: ReturnType<typeof groupAlerts>;
  readonly inhibited: CausesOfAlerts["inhibited"];
  readonly choice: AlertChoice | undefined;
  readonly isFiltered: boolean;
}) {
  const change = useSearchChange();
  const nowMs = useNow(5_000);
  if (groups.length === 0)
    return isFiltered ? (
      <Empty title="No alert matches">
        <button
          type="button"
          className="link"
          onClick={() => change({ q: "", is: "", receiver: "" })}
        >
          Clear the filters
        </button>
      </Empty>
    ) : null;
  const left = groups.length - groupsMax;
  return (
    <ul className="alert-groups" aria-label="Alerts by name">
      {groups.slice(0, groupsMax).map((group) => (
        <AlertGroupRow
          key={group.name}
          group={group}
          nowMs={nowMs}
          inhibited={inhibited}
          choice={choice}
          onOpen={(key) => change({ open: key })}
        />
      ))}
      {left > 0 && <li className="quiet">and {left} more: filter to find them</li>}
    </ul>
  );
}
