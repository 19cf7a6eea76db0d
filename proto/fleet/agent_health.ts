import { z } from "zod";
import { fromWireSignal } from "../codec/envelope.ts";
import type { Heartbeat } from "../gen/v1/control_pb.js";
import type { DropReason } from "#shared/model/account.ts";

/** How an agent is, as far as its heartbeat tells. */
export const Health = z.object({
  /** Sources and targets that fail, integrations that can't be run. */
  failing: z.number(),
  /** What the first of them say, for people. */
  errors: z.array(z.string()),
  /** Signals whose spool is full or can't write. */
  troubled: z.array(z.string()),
  /** Items that were taken, and that were lost, ever. */
  items: z.number(),
  lost: z.number(),
});
export type Health = z.output<typeof Health>;

/** Items that go for these reasons go because somebody wants it. */
const wantedDrops: readonly DropReason[] = [
  "aggregated",
  "relabel",
  "processor",
  "sampling",
  "redaction",
  "rate_limit",
];
const errorsMax = 3;
const errorCharactersMax = 200;
/** A larger part of the items may be lost than before by so much. */
const lostMoreMax = 0.01;

export function healthOf(heartbeat: Heartbeat): Health {
  const down = heartbeat.targets.filter(({ health }) => health === "down");
  // A heartbeat does not list all targets of a large agent, but counts them.
  const counted = heartbeat.targetCounts.filter(({ health }) => health === "down");
  const downCount = counted.reduce((sum, { count }) => sum + count, 0);
  const failing = [
    ...heartbeat.sources
      .filter(({ state }) => state !== "running")
      .map(({ type, message }) => `${type}: ${message}`),
    ...down.map(({ url, lastError }) => `${url}: ${lastError}`),
    ...heartbeat.integrations
      .filter(({ state }) => state === "invalid" || state === "failed")
      .map(({ integration, lastError }) => `${integration}: ${lastError}`),
  ];
  const lost = heartbeat.lanes
    .flatMap(({ drops }) => Object.entries(drops))
    .filter(([reason]) => !wantedDrops.some((wanted) => wanted === reason))
    .reduce((sum, [, count]) => sum + count, 0);
  return {
    failing: failing.length + Math.max(0, downCount - down.length),
    errors: failing.slice(0, errorsMax).map((text) => text.slice(0, errorCharactersMax)),
    troubled: heartbeat.lanes
      .filter(({ state }) => state !== "" && state !== "ok")
      .map(({ signal, state }) => `${fromWireSignal(signal) ?? "unknown"}: ${state}`),
    items: heartbeat.lanes.reduce((sum, { itemsTotal }) => sum + itemsTotal, 0),
    lost,
  };
}

/** Why an agent is worse than it was; undefined where it is not. */
export function worseThan(before: Health, now: Health, failingMoreMax: number): string | undefined {
  if (now.failing > before.failing + failingMoreMax)
    return `${now.failing} sources or targets fail, ${before.failing} did before: ${now.errors.join("; ")}`;
  const trouble = now.troubled.find((one) => !before.troubled.includes(one));
  if (trouble !== undefined) return `spool of ${trouble}`;
  const was = share(before.lost, before.items);
  const is = share(now.lost - before.lost, now.items - before.items);
  if (is <= was + lostMoreMax) return undefined;
  return `${percent(is)} of all items are lost, ${percent(was)} were before`;
}

/** 0 where nothing was taken and nothing lost; counters that began anew count as nothing. */
function share(lost: number, items: number): number {
  return lost <= 0 ? 0 : lost / (lost + Math.max(0, items));
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
