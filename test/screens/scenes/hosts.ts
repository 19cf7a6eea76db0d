import { type Step, inTurn, point, press, see, tab, toEnd, touch, write } from "../steps.ts";
import type { Scene } from "../shoot.ts";

/** The host that has most to tell: its targets, and what is down of them, put it first. */
const troubled = "/hosts?state=down";
const still = "from=now-10m&to=now";
const firstHost = touch(".host .name a");

/** A host's page, and what is done there. */
function host(name: string, ...steps: readonly Step[]): Scene {
  return { name, path: `${troubled}&${still}`, before: inTurn(firstHost, see("h1"), ...steps) };
}

/** The list of hosts, and one host with each of its tabs. */
export const scenes: readonly Scene[] = [
  { name: "hosts_page", path: "/hosts" },
  { name: "hosts_cards", path: "/hosts?view=grid" },
  { name: "hosts_grouped", path: "/hosts?group=role&sort=cpu&dir=down" },
  { name: "hosts_grouped_cards", path: "/hosts?group=role&view=grid" },
  { name: "hosts_filtered", path: "/hosts?q=1&labels=os%3D%22linux%22" },
  { name: "hosts_none", path: "/hosts?q=no-such-host" },
  { name: "hosts_columns", path: "/hosts", before: press("Columns") },
  { name: "hosts_labels", path: "/hosts", before: press("Label") },
  host("host_overview", see(".panel canvas")),
  host("host_overview_end", see(".panel canvas"), toEnd),
  host("host_pointed", point(".panel .u-over")),
  host("host_processes", tab("Processes"), see(".board-panel, .empty, .snippet")),
  host("host_logs", tab("Logs")),
  host("host_logs_none", tab("Logs"), write("Filter log lines", "no-such-word")),
  host("host_targets", tab(/^Targets/), see(".row-table")),
  host("host_configuration", tab("Configuration"), touch(".job summary")),
  host("host_events", tab("Events")),
  host("host_services", tab(/^Services/)),
  host("host_redis", tab(/Redis/)),
  host("host_postgresql", tab(/PostgreSQL/), see(".board-panel")),
];
