import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { AggregatorConfig } from "./config/config.ts";
import { ownBoards } from "./dashboards/boards/own_boards.ts";
import { type LoadBoards, builtInDashboards, builtInPrefix } from "./dashboards/built_in.ts";
import { Dashboards } from "./dashboards/dashboards.ts";
import { ProvisionedFolders } from "./dashboards/provisioned/folders.ts";
import type { Transactions } from "./dashboards/saved_dashboards.ts";
import { dashboardEvent } from "./events/dashboard_event.ts";
import type { EventBook } from "./events/event_book.ts";

type DashboardParts = {
  readonly clock: Clock;
  readonly log: Logger;
  /** More dashboards that come with Lapwing than the aggregator's own. */
  readonly boards?: LoadBoards | undefined;
  readonly catalog: Transactions;
};

/** Dashboards of the catalog and of folders. */
export async function openDashboards(
  { dashboards: config }: AggregatorConfig,
  { clock, log, boards, catalog }: DashboardParts,
  events: Pick<EventBook, "tell">,
) {
  const folders = await ProvisionedFolders.open(config, {
    clock,
    log: log.child({ room: "dashboards" }),
    isTaken: (uid) => uid.startsWith(builtInPrefix),
  });
  const builtIn = builtInDashboards(async () => [
    ...(await ownBoards()),
    ...((await boards?.()) ?? []),
  ]);
  const dashboards = new Dashboards({
    catalog,
    clock,
    files: () => folders.all(),
    builtIn,
    onChange: (change) => events.tell(dashboardEvent(change, clock.now())),
  });
  return { dashboards, folders };
}
