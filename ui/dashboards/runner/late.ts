import type { Lane } from "../../client/query_service.ts";
import type { Frame } from "../../frames/frame.ts";
import type { Incomplete } from "../../plot/time_plane.ts";
import type { Window } from "../../state/time_range.ts";

/** An agent of which samples or lines are known of that have not come: what was made from `startMs` on is not whole. */
export type LateLane = {
  readonly host: string;
  /** metrics, logs or traces. */
  readonly signal: string;
  readonly startMs: number;
  /** What an outage left; 0 where only the newest is on its way. */
  readonly items: number;
};

/** What is known to be late, and the hosts that there are: a series of another one lacks nothing. */
export type Late = { readonly lanes: readonly LateLane[]; readonly hosts: ReadonlySet<string> };

export const nothingLate: Late = { lanes: [], hosts: new Set() };

/** What waits less long than this is on its way as always: the uplink calls it a backlog after as long. */
const lateAfterMs = 60_000;
/** So that a band does not move with each answer. */
const quantumMs = 10_000;

/** The lanes that are late, as the loss account told of them at `toldMs`. */
export function lateLanes(
  lanes: readonly Lane[],
  hostOf: (agent: string) => string,
  toldMs: number,
): readonly LateLane[] {
  return lanes.flatMap(({ agent, signal, behindMs, backlogItems, backlogAgeMs }) => {
    const ageMs = Math.max(behindMs, backlogItems > 0 ? backlogAgeMs : 0);
    if (ageMs < lateAfterMs) return [];
    const startMs = Math.floor((toldMs - ageMs) / quantumMs) * quantumMs;
    return [{ host: hostOf(agent), signal, startMs, items: backlogItems }];
  });
}

/** The lanes that a picture is made of, as far as the labels of its series tell, and that are late within its window. */
export function lateIn(
  frames: readonly Frame[],
  signals: ReadonlySet<string>,
  window: Window,
  late: Late,
): readonly LateLane[] {
  const hosts = hostsOf(frames, late.hosts);
  return lateWithin(window, late).filter(
    ({ signal, host }) => signals.has(signal) && (hosts === undefined || hosts.has(host)),
  );
}

/** The lanes of one host that are late within a window. */
export function lateOf(
  host: string,
  signal: string,
  window: Window,
  late: Late,
): readonly LateLane[] {
  return lateWithin(window, late).filter((lane) => lane.host === host && lane.signal === signal);
}

function lateWithin({ startMs, endMs }: Window, { lanes }: Late): readonly LateLane[] {
  return endMs > startMs ? lanes.filter((lane) => lane.startMs < endMs) : [];
}

/** The hosts that all series say they are of; undefined where one does not, such as a sum over many. */
function hostsOf(
  frames: readonly Frame[],
  known: ReadonlySet<string>,
): ReadonlySet<string> | undefined {
  const fields = frames.flatMap((frame) => frame.fields.filter(({ type }) => type !== "time"));
  const hosts = new Set<string>();
  for (const { labels } of fields) {
    const host = labels["host"] ?? labels["instance"];
    // A target that an agent scrapes has an address for its instance, which is no host's name.
    if (host === undefined || !known.has(host)) return undefined;
    hosts.add(host);
  }
  return hosts.size === 0 ? undefined : hosts;
}

/** The stretch of a window in which a picture of these lanes is not complete. */
export function incompleteOf(lanes: readonly LateLane[], window: Window): readonly Incomplete[] {
  if (lanes.length === 0) return [];
  const oldestMs = Math.min(...lanes.map(({ startMs }) => startMs));
  return [{ startMs: Math.max(window.startMs, oldestMs), endMs: window.endMs }];
}

const namesMax = 3;

/** Of whom, how much and since when. */
export function lateWords(lanes: readonly LateLane[], timeText: (ms: number) => string): string {
  const hosts = [...new Set(lanes.map(({ host }) => host))];
  const named = hosts.slice(0, namesMax).join(", ");
  const more = hosts.length > namesMax ? ` and ${hosts.length - namesMax} more` : "";
  const since = timeText(Math.min(...lanes.map(({ startMs }) => startMs)));
  const items = lanes.reduce((sum, lane) => sum + lane.items, 0);
  const what = items === 0 ? "data" : `${Math.round(items).toLocaleString("en")} items`;
  return `Not complete since ${since}: ${what} of ${named}${more} have not arrived yet.`;
}
